#!/usr/bin/python3
"""Eclipse Paho (Debian's python3-paho-mqtt) against a broker.

    paho_client.py VERSION TRANSPORT HOST PORT CA_FILE NAME

VERSION is 3.1, 3.1.1 or 5.0; TRANSPORT is tcp, tls, ws or wss; NAME begins every client identifier and topic. Prints one line of JSON
for each scenario: {"scenario": ..., "error": null or what went wrong}. Nothing sleeps: every wait is for an event, and LIMIT is there
for what is stuck.
"""
import hashlib
import json
import os
import queue
import socket
import sys
import threading
import time

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

LIMIT = 60
KEEP_ALIVE = 2
VERSION, TRANSPORT, HOST, PORT, CA_FILE, NAME = sys.argv[1:]
PROTOCOL = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311, "5.0": mqtt.MQTTv5}[VERSION]
IS_V5 = PROTOCOL == mqtt.MQTTv5


class Peer:
    """One client, connected. Messages arrive in a queue."""

    def __init__(self, name, durable=False, keepalive=60, will=None):
        self.messages = queue.Queue()
        self.answers = queue.Queue()
        self.pings = queue.Queue()
        arguments = {"client_id": NAME + name, "protocol": PROTOCOL, "transport": "websockets" if TRANSPORT in ("ws", "wss") else "tcp"}
        if not IS_V5:
            arguments["clean_session"] = not durable
        if hasattr(mqtt, "CallbackAPIVersion"):  # Paho 2
            arguments["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION1
        self.client = mqtt.Client(**arguments)
        if TRANSPORT in ("ws", "wss"):
            self.client.ws_set_options(path="/mqtt")
        if TRANSPORT in ("tls", "wss"):
            self.client.tls_set(ca_certs=CA_FILE)
        if will:
            self.client.will_set(*will)
        self.client.on_connect = lambda client, user, flags, reason, *rest: self.answers.put(("connect", flags, reason))
        self.client.on_subscribe = lambda client, user, mid, *rest: self.answers.put(("subscribe", mid))
        self.client.on_publish = lambda client, user, mid, *rest: self.answers.put(("publish", mid))
        self.client.on_disconnect = lambda client, user, reason, *rest: self.answers.put(("disconnect", reason))
        self.client.on_message = lambda client, user, message: self.messages.put(message)
        self.client.on_log = lambda client, user, level, text: "Received PINGRESP" in text and self.pings.put(text)
        self.client.reconnect_delay_set(LIMIT, LIMIT)  # a client that was dropped stays away
        arguments = {"keepalive": keepalive}
        if IS_V5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 300 if durable else 0
            arguments.update(clean_start=not durable, properties=properties)
        self.client.connect(HOST, int(PORT), **arguments)
        self.client.loop_start()
        _, flags, reason = self.answer("connect")
        expect(0, reason if isinstance(reason, int) else reason.value)
        self.session_present = flags["session present"] == 1

    def answer(self, kind):
        """The next event of that kind."""
        while True:
            answer = self.answers.get(timeout=LIMIT)
            if answer[0] == kind:
                return answer
            if answer[0] == "disconnect":
                raise AssertionError(f"disconnected: {answer[1]}")

    def subscribe(self, filter, qos):
        self.client.subscribe(filter, qos)
        self.answer("subscribe")
        return self

    def publish(self, topic, payload, qos, **rest):
        """Completes with the last acknowledgement that the QoS asks for."""
        self.client.publish(topic, payload, qos, **rest)
        self.answer("publish")

    def message(self):
        return self.messages.get(timeout=LIMIT)

    def close(self):
        self.client.disconnect()
        self.answer_disconnect()
        self.client.loop_stop()

    def answer_disconnect(self):
        while self.answers.get(timeout=LIMIT)[0] != "disconnect":
            pass

    def drop(self):
        """The network breaks: no DISCONNECT."""
        wrapped = self.client.socket()
        getattr(wrapped, "_socket", wrapped).shutdown(socket.SHUT_RDWR)


def expect(expected, actual):
    if expected != actual:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


def round_trip(qos):
    topic = f"{NAME}/qos{qos}"
    peer = Peer(f"qos{qos}").subscribe(topic, qos)
    peer.publish(topic, b"hello", qos)
    message = peer.message()
    expect((topic, b"hello", qos, 0), (message.topic, message.payload, message.qos, message.retain))
    peer.close()


def retained():
    topic = f"{NAME}/retained"
    peer = Peer("retain")
    peer.publish(topic, b"kept", 1, retain=True)
    first = Peer("retain1").subscribe(topic, 1)
    message = first.message()
    expect((b"kept", 1), (message.payload, message.retain))
    peer.publish(topic, b"", 1, retain=True)
    expect(b"", first.message().payload)
    second = Peer("retain2").subscribe(topic, 1)
    peer.publish(topic, b"live", 1)
    expect(b"live", second.message().payload)
    for each in (peer, first, second):
        each.close()


def will():
    topic = f"{NAME}/will"
    watcher = Peer("watcher").subscribe(topic, 1)
    Peer("dying", will=(topic, b"gone", 1, False)).drop()
    expect(b"gone", watcher.message().payload)
    watcher.close()


def session():
    topic = f"{NAME}/session"
    Peer("durable", durable=True).subscribe(topic, 2).close()
    publisher = Peer("offline")
    sent = [(str(number).encode(), 1 + number % 2) for number in range(20)]
    for payload, qos in sent:
        publisher.publish(topic, payload, qos)
    resumed = Peer("durable", durable=True)
    if PROTOCOL != mqtt.MQTTv31:  # its CONNACK has no such flag
        expect(True, resumed.session_present)
    messages = [resumed.message() for _ in sent]
    for qos in (1, 2):  # Paho hands a QoS 2 message over with PUBREL: order is within a QoS
        expect([payload for payload, of in sent if of == qos], [message.payload for message in messages if message.qos == qos])
    resumed.close()
    publisher.close()


def shared():
    topic = f"{NAME}/shared"
    members = [Peer(f"member{number}").subscribe(f"$share/group/{topic}", 1) for number in range(2)]
    inbox = queue.Queue()
    for member in members:
        member.client.on_message = lambda client, user, message: inbox.put(message.payload)
    publisher = Peer("sharer")
    sent = [str(number).encode() for number in range(20)]
    for payload in sent:
        publisher.publish(topic, payload, 1)
    expect(sorted(sent), sorted(inbox.get(timeout=LIMIT) for _ in sent))
    expect(True, inbox.empty())
    for each in (*members, publisher):
        each.close()


def request_response():
    topic, reply_to = f"{NAME}/request", f"{NAME}/response"
    responder = Peer("responder").subscribe(topic, 1)
    requester = Peer("requester").subscribe(reply_to, 1)
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = reply_to
    properties.CorrelationData = b"\x00\x01\xff"
    requester.publish(topic, b"question", 1, properties=properties)
    request = responder.message()
    answer = Properties(PacketTypes.PUBLISH)
    answer.CorrelationData = request.properties.CorrelationData
    responder.publish(request.properties.ResponseTopic, b"answer", 1, properties=answer)
    response = requester.message()
    expect((b"answer", b"\x00\x01\xff"), (response.payload, response.properties.CorrelationData))
    requester.close()
    responder.close()


def large():
    topic = f"{NAME}/large"
    payload = os.urandom(200 * 1024)
    peer = Peer("large").subscribe(topic, 1)
    peer.publish(topic, payload, 1)
    expect(hashlib.sha256(payload).hexdigest(), hashlib.sha256(peer.message().payload).hexdigest())
    peer.close()


def keep_alive():
    began = time.monotonic()
    peer = Peer("idle", keepalive=KEEP_ALIVE)
    while time.monotonic() - began <= 3 * KEEP_ALIVE + 1:
        peer.pings.get(timeout=LIMIT)
    peer.close()  # fails when the broker has ended the connection


def run(name, scenario):
    try:
        scenario()
        error = None
    except queue.Empty:
        error = "stuck"
    except Exception as exception:  # whatever it is, it is the scenario's result
        error = f"{type(exception).__name__}: {exception}"
    print(json.dumps({"scenario": name, "error": error}), flush=True)


idle = threading.Thread(target=run, args=("keep-alive", keep_alive), daemon=True)
idle.start()
for each_qos in range(3):
    run(f"qos{each_qos}", lambda: round_trip(each_qos))
run("retained", retained)
run("will", will)
run("session", session)
run("shared", shared)
if IS_V5:
    run("request-response", request_response)
run("large", large)
idle.join()
os._exit(0)  # dropped clients would go on waiting for their reconnect
