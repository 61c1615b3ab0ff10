#!/usr/bin/python3
"""Eclipse Paho with user name and password, right and wrong.

    paho_password.py VERSION TRANSPORT HOST PORT CA_FILE USER PASSWORD

Prints "right: in" and "wrong: refused" when the broker does what it should, else what it did.
"""
import queue
import sys

import paho.mqtt.client as mqtt

LIMIT = 60
VERSION, TRANSPORT, HOST, PORT, CA_FILE, USER, PASSWORD = sys.argv[1:]
PROTOCOL = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311, "5.0": mqtt.MQTTv5}[VERSION]


def outcome(password):
    answers = queue.Queue()
    arguments = {"client_id": f"py-{VERSION}-{TRANSPORT}", "protocol": PROTOCOL, "transport": "websockets" if TRANSPORT in ("ws", "wss") else "tcp"}
    if hasattr(mqtt, "CallbackAPIVersion"):  # Paho 2
        arguments["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION1
    client = mqtt.Client(**arguments)
    if TRANSPORT in ("ws", "wss"):
        client.ws_set_options(path="/mqtt")
    if TRANSPORT in ("tls", "wss"):
        client.tls_set(ca_certs=CA_FILE)
    client.username_pw_set(USER, password)
    client.reconnect_delay_set(LIMIT, LIMIT)
    client.on_connect = lambda client, user, flags, reason, *rest: answers.put(getattr(reason, "value", reason))
    client.connect(HOST, int(PORT))
    client.loop_start()
    reason = answers.get(timeout=LIMIT)
    client.disconnect()
    client.loop_stop()
    return {0: "in", 4: "refused", 0x86: "refused"}.get(reason, f"reason {reason}")


print(f"right: {outcome(PASSWORD)}")
print(f"wrong: {outcome(PASSWORD + '!')}")
