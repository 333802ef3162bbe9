# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What each proxy does to calls, as examples/proxies/README.md says it."""

import os
import pathlib

from host import PORT, PROXY_UID, TLS_PORT
from hosts import CLIENTS
from programs import run  # tests/interop's
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
    "compression": "as sent",
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


def expected(question, proxy):
    answer = EXPECTED[question]
    return answer[proxy.name] if isinstance(answer, dict) else answer


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
    code = host.stop()
    report.check(host.proxy.name, "the server stops", f"exit code {code}" if code else None)
