# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What each proxy does to calls, as examples/proxies/README.md says it."""

import os
import pathlib
import signal

from host import PORT, PROXY_UID, TLS_PORT
from hosts import CLIENTS
from load import CLIENT
from programs import run  # tests/interop's
from raw import Connection
from server import ROOT  # tests/interop's

# Question -> the answer through all proxies, or for each.
EXPECTED = {
    "authority": "echo.example",
    "uid": str(PROXY_UID),
    "added": {
        "nginx": "x-client-address",
        "HAProxy": "x-client-address",
        "Caddy": "accept-encoding x-client-address x-forwarded-for x-forwarded-host x-forwarded-proto",
        "Envoy": "x-client-address x-envoy-external-address x-forwarded-proto x-request-id",
    },
    "deadline": "passed on",
    "no_deadline": "none",
    "keys": "a-b a_b a.b",
    "values": "as sent",
    "binary": "as sent",
    "metadata_size": {
        "nginx": "7 KiB; 12 KiB: RESOURCE_EXHAUSTED",
        "HAProxy": "7 KiB; 12 KiB: RESOURCE_EXHAUSTED",
        "Caddy": "7 KiB; 12 KiB: UNAVAILABLE",
        "Envoy": "7 KiB; 12 KiB: RESOURCE_EXHAUSTED",
    },
    "initial_metadata": "as sent",
    "trailers": "as sent",
    "compressed_request": "as sent",
    "large": "as sent",
    "many": "1000",
    "uploaded": "64 MiB",
    "at_once": "at once",
    "in_turn": "100",
    "cancel": "reaches the server",
    "connections": {"nginx": "20", "HAProxy": "one or a few", "Caddy": "one or a few", "Envoy": "one or a few"},
    "forged": "x-client-address=192.0.2.100",
    "subject": "CN=reports,O=Example",
    "stranger": {"nginx": "INTERNAL", "HAProxy": "UNAVAILABLE", "Caddy": "UNAVAILABLE", "Envoy": "UNAVAILABLE"},
}


# The same for what is asked by raw.py and while the server or the proxy ends.
EXPECTED_AROUND = {
    "pings": "100 answered by the proxy",
    "compressed_response": "as sent",
    "server_down": "UNAVAILABLE",
    "server_restarted": "the connection stays",
    "proxy_ends": {
        "nginx": "GOAWAY, answered",
        "HAProxy": "GOAWAY, answered",
        "Caddy": "no GOAWAY, closed",
        "Envoy": "no GOAWAY, closed",
    },
}


def expected(question, proxy):
    answer = (EXPECTED | EXPECTED_AROUND)[question]
    return answer[proxy.name] if isinstance(answer, dict) else answer


def _pings(_, host):
    """While the server stands still, so that it is not the server that answers."""
    connection = Connection(CLIENTS, host.address, PORT)
    host.server.tell(signal.SIGSTOP)
    count = connection.ping(100)
    host.server.tell(signal.SIGCONT)
    connection.close()
    return f"{count} answered by the proxy"


def _compressed_response(_, host):
    """grpcio does not tell whether a response was compressed: its first byte does."""
    connection = Connection(CLIENTS, host.address, PORT)
    connection.begin_call(message=b"\x0a\x7f" + b"x" * 127,  # EchoRequest.message
                          metadata={"udsecho-compress": "gzip", "grpc-accept-encoding": "gzip"})
    outcome = connection.await_call()
    connection.close()
    return "as sent" if outcome == "answered" and connection.body[0] == 1 else f"{outcome}, {connection.body[:1]}"


def _server_down(network, host):
    """The status of a call when nobody listens on the socket."""
    host.stop_server()
    code, output = run(network.within(CLIENTS, [CLIENT, f"{host.address}:{PORT}", "hi"]))
    host.start_server()
    return "UNAVAILABLE" if code == 64 + 14 else f"exit code {code}: {output}"


def _server_restarted(_, host):
    """What a connection to the proxy sees of it."""
    connection = Connection(CLIENTS, host.address, PORT)
    connection.begin_call()
    before = connection.await_call()
    host.stop_server()
    host.start_server()
    connection.begin_call()
    after = connection.await_call()
    kept = (before, after, connection.goaway) == ("answered", "answered", False)
    connection.close()
    return "the connection stays" if kept else f"{before}, {after}, GOAWAY: {connection.goaway}"


def _proxy_ends(_, host):
    """What a connection with a call in flight sees of it. The proxy has ended then."""
    connection = Connection(CLIENTS, host.address, PORT)
    connection.begin_call()
    connection.await_call()
    connection.begin_call(delay=1)
    connection.ping(1)  # once that is answered, the call has arrived
    host.front.tell(host.proxy.drain)
    outcome = connection.await_call()
    connection.await_goaway()
    connection.close()
    host.front.wait()
    return f"{'GOAWAY' if connection.goaway else 'no GOAWAY'}, {outcome}"


# In this order: the last one ends the proxy.
AROUND = (
    ("pings", _pings), ("compressed_response", _compressed_response), ("server_down", _server_down),
    ("server_restarted", _server_restarted), ("proxy_ends", _proxy_ends),
)


def check_proxy(report, network, host):
    """All questions of checks.py, by a host of its own."""
    host.start()
    python = ROOT / "examples/python"
    command = network.within(CLIENTS, [
        python / ".venv/bin/python", pathlib.Path(__file__).with_name("checks.py"), f"{host.address}:{PORT}",
        f"{host.address}:{TLS_PORT}", host.tls, host.access_log])
    _, output = run(command, env={**os.environ, "PYTHONPATH": str(python), "GRPC_VERBOSITY": "NONE"})
    answers = dict(line.split("\t") for line in output.splitlines() if line.count("\t") == 1)
    for question in EXPECTED:
        answer, wanted = answers.get(question, output), expected(question, host.proxy)
        report.check(host.proxy.name, question, None if answer == wanted else f"{answer!r} instead of {wanted!r}")
    for question, ask in AROUND:
        answer, wanted = ask(network, host), expected(question, host.proxy)
        report.check(host.proxy.name, question, None if answer == wanted else f"{answer!r} instead of {wanted!r}")
    code = host.stop_server()
    report.check(host.proxy.name, "the server stops", f"exit code {code}" if code else None)
