# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Load by h2load, which knows HTTP/2 and nothing of gRPC.

It counts what has HTTP's status 200, and a call that failed by gRPC's status has that too: so each
run's bytes of answers must be those of answers that are whole.
"""

import dataclasses
import re
import resource
import subprocess

from programs import CLIENT_CORE, Failed

_LEAST_CALLS = 20  # of each connection, where there are several: making them is in the number
_HEADERS = ("-H", "te: trailers", "-H", "content-type: application/grpc")


@dataclasses.dataclass(frozen=True)
class Load:
    """What to ask, how widely, and the bytes of an answer."""
    method: str
    request: bytes
    answer: int
    connections: int
    streams: int  # at once, of each connection
    first: int  # so many calls find out how many fill the time
    service: str = "udsecho.v1.Echo"

    def command(self, socket, body, calls, log=None):
        return [
            "taskset", "-c", CLIENT_CORE, "h2load", "-n", str(calls), "-c", str(self.connections),
            "-m", str(self.streams), "-w", "30", "-W", "30", "-B", f"unix:{socket}", "-d", str(body),
            *_HEADERS, *(("--log-file", str(log)) if log else ()),
            f"http://localhost/{self.service}/{self.method}",
        ]


@dataclasses.dataclass(frozen=True)
class Outcome:
    calls: int
    seconds: float
    load_cpu: float  # seconds that h2load itself ran for

    @property
    def rate(self):
        return self.calls / self.seconds


def parse(output, calls, answer):
    """The seconds that a run took, or Failed when a call did."""
    taken = re.search(r"^finished in ([\d.]+)(us|ms|s|m|h)\b", output, re.M)
    counts = re.search(r"^requests: .*?(\d+) succeeded, (\d+) failed", output, re.M)
    data = re.search(r"^traffic: .*\((\d+)\) data$", output, re.M)
    if not (taken and counts and data):
        raise Failed(f"h2load said:\n{output}")
    if (succeeded := int(counts[1])) != calls:
        raise Failed(f"{calls - succeeded} of {calls} calls failed")
    if (received := int(data[1])) != calls * answer:
        raise Failed(f"the answers had {received} bytes and not {calls * answer}")
    unit = {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}[taken[2]]
    return float(taken[1]) * unit


def run(load, socket, directory, calls, log=None):
    """So many calls, to their end."""
    body = directory / "request"
    body.write_bytes(load.request)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        output = subprocess.run(
            load.command(socket, body, calls, log), stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=120, check=True,
        ).stdout
    except subprocess.TimeoutExpired:
        raise Failed(f"{calls} calls were not answered within 120 s") from None
    except subprocess.CalledProcessError as error:
        raise Failed(f"h2load ended with {error.returncode}: {error.stderr[-500:]}") from None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Outcome(calls, parse(output, calls, load.answer), cpu)


def latencies(log):
    """Microseconds of each call, sorted, of a run's --log-file."""
    return sorted(int(line.split("\t")[2]) for line in log.read_text().splitlines())


def calls_for(load, socket, directory, seconds):
    """How many calls take about so long. Finds out by running ever more of them."""
    calls = load.first
    while True:
        outcome = run(load, socket, directory, calls)
        if outcome.seconds >= seconds / 5:
            break
        calls = int(calls * min(10, max(2, seconds / 4 / outcome.seconds)))
    wanted = max(1, int(outcome.rate * seconds))
    # A number to read, and as many for each connection.
    digits = 10 ** max(0, len(str(wanted)) - 2)
    rounded = max(wanted // digits * digits, 1)
    least = load.connections * _LEAST_CALLS if load.connections > 1 else 1
    return max(rounded - rounded % load.connections, least)
