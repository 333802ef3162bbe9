# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Requests of udsecho.v1.Echo as bytes, how long their answers must be, and idle connections.

By hand, so that the measuring needs no library of gRPC's: three fields of protobuf and two frames of
HTTP/2 are all there is to it.
"""

import contextlib
import socket
import struct

SMALL = b"x" * 64
LARGE = bytes(1 << 20)
EXPANSION = 100_000  # messages of one call of Expand

_MESSAGE, _PAYLOAD, _COUNT = 1, 2, 5  # the fields' numbers in echo.proto
_FRAME = 5  # bytes before each message of gRPC


def _varint(number):
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    return bytes([*encoded, number])


def _bytes(field, value):
    return _varint(field << 3 | 2) + _varint(len(value)) + value if value else b""


def _frame(message):
    return b"\0" + struct.pack(">I", len(message)) + message


def echo(message=SMALL, payload=b""):
    """An EchoRequest, which is byte for byte its EchoResponse too."""
    return _frame(_bytes(_MESSAGE, message) + _bytes(_PAYLOAD, payload))


def expand(message=SMALL, count=EXPANSION):
    return _frame(_bytes(_MESSAGE, message) + _varint(_COUNT << 3) + _varint(count))


def message_of(request):
    return request[_FRAME:]


def _http2(kind, flags, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, 0) + payload


@contextlib.contextmanager
def idle_connections(path, count):
    """As many connections, each of which has shaken hands by HTTP/2 and then says nothing."""
    settings, acknowledged = 4, 1
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(socket.socket(socket.AF_UNIX))
            connection.settimeout(30)
            connection.connect(str(path))
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _http2(settings, 0))
            received, ours, theirs = b"", False, False
            while not (ours and theirs):
                if not (data := connection.recv(4096)):
                    raise ConnectionError(f"it closed an idle connection after {received!r}")
                received += data
                while len(received) >= 9:
                    length = int.from_bytes(received[:3], "big")
                    if len(received) < 9 + length:
                        break
                    ours |= received[3] == settings and received[4] == acknowledged
                    theirs |= received[3] == settings and received[4] == 0
                    received = received[9 + length:]
            connection.sendall(_http2(settings, acknowledged))
        yield
