# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""The server under a tool that counts, from its start to its clean end, with some work in between.

    count_instructions(work, flags)   # of the whole process, start and end too
    count_system_calls(work)          # of all threads, less epoll_wait

`work` is called with the socket's path, and raises MeasureError when it was not done as it should be.
"""

import os
import pathlib
import platform
import re
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
SERVER = ROOT / "bazel-bin/server/server"
CLIENT = ROOT / "bazel-bin/client/client"

# Generous: it only costs time when a check fails anyway.
PATIENCE = 120  # seconds

# What goes by the clock and not by the call is left out: lines of the log (20 a second), and looking for
# the next event before sleeping.
FLAGS = ("--log_level=warn", "--busy_poll=0")

# What the figures depend on besides our own code.
PACKAGES = (
    "libnghttp2-dev", "libprotobuf-dev", "libabsl-dev", "libstdc++6", "libc6", "g++-12", "valgrind",
)


class MeasureError(Exception):
    pass


def versions():
    """The kind of machine, and the versions of Debian's packages."""
    command = ["dpkg-query", "-W", "-f=${Package} ${Version}\n", *PACKAGES]
    listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    # What is not installed has no version.
    packages = dict(line.split() for line in listing.splitlines() if not line.endswith(" "))
    return {"machine": platform.machine(), **packages}


def run(*command):
    """What it printed; raises unless it ended well."""
    try:
        done = subprocess.run(
            list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MeasureError(f"{command[0]} was not done after {PATIENCE} s") from error
    if done.returncode != 0:
        raise MeasureError(f"{command[0]}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def _await(path, process):
    """Until the server is ready, seen from outside."""
    until = time.monotonic() + PATIENCE
    why = "no socket"
    while process.poll() is None and time.monotonic() < until:
        if path.exists():
            try:
                return run(CLIENT, path, "--health")
            except MeasureError as error:
                why = error
        time.sleep(0.05)
    raise MeasureError(f"the server did not start: {why}")


def _serve(tool, work, pid_of, flags=()):
    """Runs `tool server SOCKET`, does the work, stops the server. What the tool printed."""
    with tempfile.TemporaryDirectory(prefix="udsecho.") as directory:
        path = pathlib.Path(directory) / "sock"
        with (pathlib.Path(directory) / "log").open("w+", encoding="utf-8") as log:
            process = subprocess.Popen(
                [*tool, SERVER, path, *FLAGS, *flags], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, text=True,
            )
            try:
                _await(path, process)
                work(path)
                pid_of(process).send_signal(signal.SIGTERM)
                code = process.wait(PATIENCE)
            except subprocess.TimeoutExpired as error:
                raise MeasureError(f"the server had not stopped after {PATIENCE} s") from error
            finally:
                if process.poll() is None:
                    pid_of(process).send_signal(signal.SIGKILL)
                    process.wait()
            log.seek(0)
            printed = log.read()
    if code != 0:
        raise MeasureError(f"the server: exit code {code}\n{printed}")
    return printed


def count_instructions(work, flags=()):
    tool = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
    printed = _serve(tool, work, lambda process: process, flags)  # valgrind becomes the server
    found = re.search(r"I +refs: +([\d,]+)", printed)
    if not found:
        raise MeasureError(f"valgrind gave no total:\n{printed}")
    return int(found[1].replace(",", ""))


class _Child:
    """The only child of a process, or the process itself when it has none any more."""

    def __init__(self, process):
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        self.pid = int(children[0]) if children else process.pid

    def send_signal(self, number):
        os.kill(self.pid, number)


def count_system_calls(work):
    """Left out is how often the threads look for something to do, which depends on which side is faster."""
    with tempfile.NamedTemporaryFile(mode="r", prefix="udsecho.") as trace:
        _serve(("strace", "-f", "-qq", "-e", "signal=none", "-o", trace.name), work, _Child)
        calls = [line.split(maxsplit=1)[1] for line in trace]
    return sum(not call.startswith(("<...", "+++", "epoll_wait(")) for call in calls)
