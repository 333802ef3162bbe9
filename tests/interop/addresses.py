# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What docs/clients.md says of addresses and of :authority, language by language."""

import os
import socket
import struct

from server import PATIENCE

# How to write the address: {abs} is the socket's path, {rel} the same from the client's folder. True if a
# client of that language reaches the server by it.
FORMS = {
    "cpp": {"unix:{abs}": True, "unix:{rel}": True, "unix://{rel}": False},
    "go": {"unix:{abs}": True, "unix:{rel}": True, "unix://{rel}": False},
    "java": {"unix:{rel}": True},
    # What stands before the first slash is dropped, and the rest is relative.
    "node": {"unix:{abs}": True, "unix:{rel}": True, "unix://dropped/{rel}": True},
    "python": {"unix:{abs}": True, "unix:{rel}": True, "unix://{rel}": False},
    # It never returns, not even at its deadline.
    "ruby": {"unix:{abs}": True, "unix:{rel}": True, "unix://{rel}": False},
    "rust": {"unix:{abs}": True, "unix:{rel}": True, "unix://{rel}": True},
}

# The :authority for unix://{abs}.
AUTHORITY = {
    "cpp": "localhost",
    "go": "localhost",
    "java": "{abs}",
    "node": "localhost",
    "python": "{percent}",
    "ruby": "localhost",
    "rust": "tonic",
}

# Nothing listens there: whoever obeys it for a Unix socket fails.
PROXY = dict.fromkeys(("http_proxy", "https_proxy", "grpc_proxy"), "http://127.0.0.1:9")


def _expect(client, address, expected, **options):
    # Whoever must not get there may take for ever about it.
    code, _, _, output = client.run(address, seconds=120 if expected else 20, **options)
    return None if (code == 0) == expected else f"{address}: exit code {code}\n{output}"


def check_forms(report, client, path):
    """Each form of an address, a proxy in the environment, and a path where nobody listens."""
    relative = os.path.relpath(path, client.folder)
    for form, expected in FORMS[client.language].items():
        address = form.format(abs=path, rel=relative)
        verb = "reaches" if expected else "refuses"
        name = f"{verb} {form.format(abs='/ABSOLUTE', rel='RELATIVE')}"
        report.check(client.name, name, _expect(client, address, expected))
    why = _expect(client, f"unix://{path}", True, env={**os.environ, **PROXY})
    report.check(client.name, "heeds no proxy", why)
    why = _expect(client, f"unix://{path}-nobody", False)
    report.check(client.name, "fails where nobody listens", why)


def check_authority(report, client, authority, path):
    percent = str(path).lstrip("/").replace("/", "%2F")
    expected = AUTHORITY[client.language].format(abs=path, percent=percent)
    why = None if authority == expected else f"it sent {authority!r} and not {expected!r}"
    report.check(client.name, ":authority", why)


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def header_field(name, value):
    name, value = name.encode(), value.encode()
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def why_not_answered(path, authority):
    """Why a call of Echo/WhoAmI with this :authority (None: without one) has no message for an answer, or
    None."""
    headers = {":method": "POST", ":scheme": "http", ":path": "/udsecho.v1.Echo/WhoAmI"}
    if authority is not None:
        headers[":authority"] = authority
    headers |= {"te": "trailers", "content-type": "application/grpc"}
    block = b"".join(header_field(name, value) for name, value in headers.items())
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(path))
        connection.sendall(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"")  # SETTINGS
            + frame(1, 4, 1, block)  # HEADERS, END_HEADERS
            + frame(0, 1, 1, bytes(5))  # DATA, END_STREAM: an empty message
        )
        received, kinds = b"", []
        while True:
            while len(received) < 9 or len(received) < 9 + int.from_bytes(received[:3], "big"):
                if not (data := connection.recv(1 << 16)):
                    return f"the connection ended after frames of types {kinds}"
                received += data
            size, kind, flags = int.from_bytes(received[:3], "big"), received[3], received[4]
            stream = int.from_bytes(received[5:9], "big")
            received = received[9 + size:]
            kinds.append(kind)
            if stream == 1 and kind == 3:
                return "the stream was reset"
            if stream == 1 and kind in (0, 1) and flags & 1:  # DATA or HEADERS, END_STREAM
                return None if 0 in kinds else "there was a status alone"


def check_server(report, path):
    """What the server makes of an :authority, whoever sends it."""
    for name, authority in (
        ("localhost", "localhost"),
        ("percent-encoded path", str(path).lstrip("/").replace("/", "%2F")),
        ("raw path", str(path)),
        ("any other name", "tonic"),
        ("empty", ""),
        ("none", None),
    ):
        report.check(":authority", name, why_not_answered(path, authority))
