# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Our own programs that measure and check, and on which cores things run."""

import json
import os
import pathlib
import subprocess

import wire
from servers import ROOT

# One each; with a single core to be had, they share it and the numbers are worth little.
_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = str(_CORES[0]), str(_CORES[1 if len(_CORES) > 1 else 0])
ANY_CORE = None

_CLIENT = ROOT / "bazel-bin/client/client"
_TOOLS = ROOT / "bazel-bin/tools/bench"


class Failed(Exception):
    """A measurement that did not come about, and why. It is reported, never counted as fast."""


def _run(command, seconds):
    try:
        result = subprocess.run(
            list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=seconds, check=False,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"{pathlib.Path(command[0]).name} was not done within {seconds} s") from None
    if result.returncode:
        text = (result.stderr or result.stdout).strip()
        raise Failed(f"exit code {result.returncode}: {text[-500:]}")
    return result.stdout


def client(socket, *arguments, seconds=60):
    """The objects, one a line, that the client prints."""
    output = _run(
        ["taskset", "-c", CLIENT_CORE, _CLIENT, socket, *arguments, "--json"], seconds
    )
    return [json.loads(line) for line in output.splitlines()]


def check(socket, directory):
    """That each shape of call that is measured is answered right, with gRPC's status 0, which the
    client's exit code tells."""
    text = wire.SMALL.decode()
    for arguments, replies in (
        ((text, "--wait=1s"), 1),
        ((text, "--shape=expand", "--count=3"), 3),
        ((text, text, "--shape=chat"), 2),
    ):
        answers = [line["message"] for line in client(socket, *arguments) if "message" in line]
        if answers != [text] * replies:
            raise Failed(f"{arguments[1:]} was answered {answers}")
    large, back = directory / "large", directory / "back"
    large.write_bytes(wire.LARGE)
    client(socket, "x", f"--payload=@{large}", f"--output={back}")
    if back.read_bytes() != wire.LARGE:
        raise Failed("1 MiB did not come back as it was")


def bench(socket, seconds, *arguments):
    """What the client measures itself, with a server that is warm."""
    (report,) = client(
        socket, "--bench", f"--duration={seconds}s", "--warmup=0s", *arguments, seconds=seconds + 60
    )
    if report["errors"]:
        raise Failed(f"calls failed: {report['errors']}")
    return report


def ping_pong(seconds):
    return json.loads(_run([_TOOLS / "ping_pong", SERVER_CORE, CLIENT_CORE, seconds], seconds + 30))


def first_answer(server, socket):
    command = ["taskset", "-c", CLIENT_CORE, _TOOLS / "first_answer", SERVER_CORE, socket]
    return json.loads(_run([*command, *server.command(socket)], 90))
