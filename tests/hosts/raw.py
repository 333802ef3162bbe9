# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""A connection of HTTP/2 without a library, to see what libraries keep to themselves: GOAWAY, and answers to PING.

    connection = Connection("client", "192.0.2.11", 50051)   # as if from the host "client"
    connection.begin_call(delay=1)
    connection.await_call()            # "answered", "refused", ...
    connection.ping(100)               # how many were answered
    connection.body                    # of the call's answer
    connection.goaway                  # whether there was one
"""

import ctypes
import os
import socket
import threading

from addresses import frame, header_field  # tests/interop's
from server import PATIENCE  # tests/interop's

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
ACK = END_STREAM = 1
END_HEADERS = 4
ERRORS = {2: "INTERNAL_ERROR", 7: "REFUSED_STREAM", 8: "CANCEL"}  # of RST_STREAM


def connect(host, address, port):
    """A socket of another host's namespace: of this thread alone, which ends."""
    made = []

    def enter():
        namespace = os.open(f"/run/netns/{host}", os.O_RDONLY)
        if ctypes.CDLL(None, use_errno=True).setns(namespace, 0) == 0:
            made.append(socket.create_connection((address, port), PATIENCE))
        os.close(namespace)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return made[0]


class Connection:
    def __init__(self, host, address, port):
        self._socket = connect(host, address, port)
        self._received = b""
        self._stream = -1
        self._outcome, self._pongs = None, 0
        self.body = b""
        self.goaway = False
        self._socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, b""))

    def begin_call(self, delay=0, message=b"", metadata=()):
        """Echo, with so many seconds before the answer, or with these bytes as its request."""
        self._stream += 2
        self.body, self._outcome = b"", None
        fields = {":method": "POST", ":scheme": "http", ":path": "/udsecho.v1.Echo/Echo", ":authority": "echo.example",
                  "te": "trailers", "content-type": "application/grpc", **dict(metadata)}
        if delay:
            message = b"\x1a\x02\x08" + bytes([delay])  # EchoRequest.delay.seconds
        self._socket.sendall(
            frame(HEADERS, END_HEADERS, self._stream, b"".join(header_field(*field) for field in fields.items()))
            + frame(DATA, END_STREAM, self._stream, b"\0" + len(message).to_bytes(4, "big") + message))

    def await_call(self):
        """answered, a status alone, the error of a reset, or closed."""
        while self._outcome is None and self._read():
            pass
        return self._outcome or "closed"

    def ping(self, count):
        self._pongs = 0
        self._socket.sendall(frame(PING, 0, 0, bytes(8)) * count)
        while self._pongs < count and not self.goaway and self._read():
            pass
        return self._pongs

    def await_goaway(self):
        """Or the end of the connection."""
        while not self.goaway and self._read():
            pass

    def _read(self):
        """One frame. False once the connection has ended."""
        while len(self._received) < 9 or len(self._received) < 9 + int.from_bytes(self._received[:3], "big"):
            try:
                data = self._socket.recv(1 << 16)
            except ConnectionError:
                data = b""
            if not data:
                return False
            self._received += data
        size, kind, flags = int.from_bytes(self._received[:3], "big"), self._received[3], self._received[4]
        stream = int.from_bytes(self._received[5:9], "big")
        payload, self._received = self._received[9:9 + size], self._received[9 + size:]
        if kind == SETTINGS and not flags & ACK:
            self._socket.sendall(frame(SETTINGS, ACK, 0, b""))
        self._pongs += kind == PING and flags & ACK
        self.goaway |= kind == GOAWAY
        if stream == self._stream:
            self.body += payload if kind == DATA else b""
            if kind == RST_STREAM:
                self._outcome = self._outcome or ERRORS.get(int.from_bytes(payload, "big"), "reset")
            elif kind in (DATA, HEADERS) and flags & END_STREAM:
                self._outcome = "answered" if self.body else "a status alone"
        return True

    def close(self):
        self._socket.close()
