#!/usr/bin/python3
"""MQTT over QUIC on aioquic (Debian's python3-aioquic) against a broker.

    aioquic_client.py VERSION HOST PORT CA_FILE NAME

VERSION is 3.1, 3.1.1 or 5.0; NAME begins every client identifier and topic. Prints one line of JSON for each scenario: {"scenario": ...,
"error": null or what went wrong}. "single" is one stream for everything, "multi" a control stream and a data stream each for subscribing
and publishing. Nothing sleeps: every wait is for an event, and LIMIT is there for what is stuck.
"""
import asyncio
import contextlib
import json
import struct
import sys

from aioquic.asyncio import connect
from aioquic.quic.configuration import QuicConfiguration

LIMIT = 60
KEEP_ALIVE = 2
VERSION, HOST, PORT, CA_FILE, NAME = sys.argv[1:]
LEVEL = {"3.1": 3, "3.1.1": 4, "5.0": 5}[VERSION]
IS_V5 = LEVEL == 5
CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, PINGRESP = 2, 3, 4, 5, 6, 7, 9, 11, 13


def text(value):
    encoded = value.encode()
    return struct.pack("!H", len(encoded)) + encoded


def packet(first, body=b""):
    length, digits = len(body), b""
    while True:
        length, digit = length >> 7, length & 127
        digits += bytes([digit | 128 if length else digit])
        if not length:
            return bytes([first]) + digits + body


def connect_packet(client_id, keep_alive):
    name = "MQIsdp" if LEVEL == 3 else "MQTT"
    properties = b"\x00" if IS_V5 else b""
    return packet(0x10, text(name) + bytes([LEVEL, 2]) + struct.pack("!H", keep_alive) + properties + text(client_id))


def subscribe_packet(packet_id, topic, qos):
    properties = b"\x00" if IS_V5 else b""
    return packet(0x82, struct.pack("!H", packet_id) + properties + text(topic) + bytes([qos]))


def unsubscribe_packet(packet_id, topic):
    properties = b"\x00" if IS_V5 else b""
    return packet(0xA2, struct.pack("!H", packet_id) + properties + text(topic))


def publish_packet(packet_id, topic, payload, qos):
    identifier = struct.pack("!H", packet_id) if qos else b""
    properties = b"\x00" if IS_V5 else b""
    return packet(0x30 | qos << 1, text(topic) + identifier + properties + payload)


def ack_packet(kind, packet_id):
    return packet(kind << 4 | (2 if kind == PUBREL else 0), struct.pack("!H", packet_id))


class Stream:
    """One QUIC stream as packets. Publications that come while something else is awaited are kept."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.aside = reader, writer, []

    @classmethod
    async def open(cls, protocol):
        stream = cls(*await protocol.create_stream())
        stream.send(b"")  # takes the identifier: else the next stream would get the same one
        return stream

    def send(self, data):
        self.writer.write(data)

    async def receive(self):
        first = (await self.reader.readexactly(1))[0]
        length, shift = 0, 0
        while True:
            digit = (await self.reader.readexactly(1))[0]
            length |= (digit & 127) << shift
            shift += 7
            if digit < 128:
                return first, await self.reader.readexactly(length)

    async def expect(self, kind, packet_id=None):
        while True:
            first, body = await asyncio.wait_for(self.receive(), LIMIT)
            if first >> 4 == PUBLISH and kind != PUBLISH:
                self.aside.append((first, body))
                continue
            expect(kind, first >> 4)
            if packet_id is not None:
                expect(packet_id, struct.unpack("!H", body[:2])[0])
            return first, body

    async def publish(self, packet_id, topic, payload, qos):
        """Completes with the last acknowledgement that the QoS asks for."""
        self.send(publish_packet(packet_id, topic, payload, qos))
        if qos == 1:
            await self.expect(PUBACK, packet_id)
        elif qos == 2:
            await self.expect(PUBREC, packet_id)
            self.send(ack_packet(PUBREL, packet_id))
            await self.expect(PUBCOMP, packet_id)

    async def message(self):
        """The next publication, acknowledged: topic, payload and QoS."""
        first, body = self.aside.pop(0) if self.aside else await self.expect(PUBLISH)
        qos, end = first >> 1 & 3, 2 + struct.unpack("!H", body[:2])[0]
        topic, rest = body[2:end].decode(), body[end:]
        if qos:
            packet_id, rest = struct.unpack("!H", rest[:2])[0], rest[2:]
            self.send(ack_packet(PUBACK if qos == 1 else PUBREC, packet_id))
            if qos == 2:
                await self.expect(PUBREL, packet_id)
                self.send(ack_packet(PUBCOMP, packet_id))
        if IS_V5:
            rest = rest[1 + rest[0]:]  # short ones: the length is one byte
        return topic, rest, qos

    async def ping(self):
        self.send(packet(0xC0))
        await self.expect(PINGRESP)


class Peer:
    """One QUIC connection whose CONNECT was accepted."""

    def __init__(self, protocol, control):
        self.protocol, self.control = protocol, control

    async def open(self):
        return await Stream.open(self.protocol)

    async def disconnect(self):
        self.control.send(packet(0xE0))
        expect(b"", await asyncio.wait_for(self.control.reader.read(), LIMIT))  # FIN and nothing before it


@contextlib.asynccontextmanager
async def peer(name, keep_alive=0, alpn=("mqtt",)):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=list(alpn) or None, server_name="localhost", idle_timeout=LIMIT)
    configuration.load_verify_locations(cafile=CA_FILE)
    async with connect(HOST, int(PORT), configuration=configuration) as protocol:
        control = await Stream.open(protocol)
        control.send(connect_packet(NAME + name, keep_alive))
        _, body = await control.expect(CONNACK)
        expect(0, body[1])
        yield Peer(protocol, control)


def expect(expected, actual):
    if expected != actual:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


async def round_trip(mode, qos):
    topic = f"{NAME}/{mode}/{qos}"
    async with peer(f"{mode}{qos}") as client:
        multi = mode == "multi"
        subscriber = await client.open() if multi else client.control
        publisher = await client.open() if multi else client.control
        subscriber.send(subscribe_packet(1, topic, qos))
        await subscriber.expect(SUBACK, 1)
        for number in range(20):
            payload = str(number).encode()
            await publisher.publish(2 + number, topic, payload, qos)
            expect((topic, payload, qos), await subscriber.message())
        await client.control.ping()
        subscriber.send(unsubscribe_packet(50, topic))
        await subscriber.expect(UNSUBACK, 50)
        await client.disconnect()


async def large(mode):
    topic, payload = f"{NAME}/{mode}/large", bytes(range(256)) * 800
    async with peer(f"{mode}large") as client:
        stream = await client.open() if mode == "multi" else client.control
        stream.send(subscribe_packet(1, topic, 1))
        await stream.expect(SUBACK, 1)
        await stream.publish(2, topic, payload, 1)
        expect((topic, payload, 1), await stream.message())
        await client.disconnect()


async def keep_alive(mode):
    """Idle for more than three Keep Alives but for PINGREQ."""
    async with peer(f"{mode}idle", keep_alive=KEEP_ALIVE) as client:
        if mode == "multi":
            await client.open()
        loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        while loop.time() - began <= 3 * KEEP_ALIVE + 1:
            await client.control.ping()
            turn = loop.create_future()
            loop.call_later(KEEP_ALIVE / 2, turn.set_result, None)
            await turn
        await client.disconnect()


async def held():
    """A data stream that is used before CONNACK is served after it."""
    configuration = QuicConfiguration(is_client=True, alpn_protocols=["mqtt"], server_name="localhost")
    configuration.load_verify_locations(cafile=CA_FILE)
    async with connect(HOST, int(PORT), configuration=configuration) as protocol:
        control, data = await Stream.open(protocol), await Stream.open(protocol)
        control.send(connect_packet(f"{NAME}held", 0)[:-1])
        data.send(subscribe_packet(1, f"{NAME}/held", 0))
        control.send(connect_packet(f"{NAME}held", 0)[-1:])
        await control.expect(CONNACK)
        await data.expect(SUBACK, 1)


async def five_streams():
    """NanoSDK opens five streams, whatever it needs."""
    async with peer("five") as client:
        streams = [await client.open() for _ in range(5)]
        for number, stream in enumerate(streams):
            stream.send(subscribe_packet(1, f"{NAME}/five/{number}", 1))
            await stream.expect(SUBACK, 1)
        for number, stream in enumerate(streams):
            await client.control.publish(1 + number, f"{NAME}/five/{number}", b"x", 1)
            expect((f"{NAME}/five/{number}", b"x", 1), await stream.message())
        await client.disconnect()


async def migration():
    """The client goes on from another port."""
    async with peer("migration") as client:
        await client.control.ping()
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: client.protocol, local_addr=("::", 0))
        client.protocol.change_connection_id()
        for _ in range(3):
            await client.control.ping()
        await client.disconnect()


async def refused(alpn):
    try:
        async with peer("refused", alpn=alpn):
            pass
    except ConnectionError:
        return
    raise AssertionError("the connection was accepted")


async def run(name, scenario):
    try:
        await asyncio.wait_for(scenario, LIMIT)
        error = None
    except asyncio.TimeoutError:
        error = "stuck"
    except Exception as exception:  # whatever it is, it is the scenario's result
        error = f"{type(exception).__name__}: {exception}"
    print(json.dumps({"scenario": name, "error": error}), flush=True)


async def main():
    idle = [asyncio.ensure_future(run(f"{mode} keep-alive", keep_alive(mode))) for mode in ("single", "multi")]
    for mode in ("single", "multi"):
        for qos in range(3):
            await run(f"{mode} qos{qos}", round_trip(mode, qos))
        await run(f"{mode} large", large(mode))
    await run("held", held())
    await run("five streams", five_streams())
    await run("migration", migration())
    await run("wrong alpn", refused(("h3",)))
    await run("no alpn", refused(()))
    await asyncio.gather(*idle)


asyncio.run(main())
