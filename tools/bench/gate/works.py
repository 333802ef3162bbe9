# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What is measured: the works, and the checks with their tolerances. README.md says where those come from.

A figure is the difference between a long run and a short one over the difference in RPCs (or in messages
of a stream), so that start, connecting and the end cancel out.
"""

import dataclasses
import re
import struct
import tempfile
from typing import Callable

from measure import CLIENT, MeasureError, count_instructions, count_system_calls, run

MESSAGE = b"a" * 64
STREAM = 1000  # messages


def _varint(number):
    octets = b""
    while number > 127:
        octets += bytes([number & 127 | 128])
        number >>= 7
    return octets + bytes([number])


def _field(number, value):
    """A field of bytes or of an integer, in protobuf's encoding."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _framed(message):
    """As gRPC has it in the body of a request."""
    return struct.pack(">BI", 0, len(message)) + message


def _h2load(path, method, message, calls, at_once, answer_bytes):
    """Calls, by a program that is not ours and has no clock of its own: no PINGs, no window updates by
    guess. It knows no gRPC, so the bytes of the answers are checked."""
    with tempfile.NamedTemporaryFile(prefix="udsecho.") as body:
        body.write(_framed(message))
        body.flush()
        printed = run(
            "h2load", "-n", calls, "-c", 1, "-m", at_once, "-B", f"unix:{path}", "-d", body.name,
            "-H", "content-type: application/grpc", "-H", "te: trailers",
            f"http://localhost/udsecho.v1.Echo/{method}",
        )
    answered = re.search(r"\((\d+)\) data", printed)
    if f" {calls} succeeded" not in printed or int(answered[1]) != calls * answer_bytes:
        raise MeasureError(f"{method} was not answered as it should be:\n{printed}")


def _echo(field, value, at_once):
    message = _field(field, value)
    length = len(_framed(message))
    return lambda path, calls: _h2load(path, "Echo", message, calls, at_once, length)


def _expand(path, messages):
    message = _field(1, MESSAGE)
    length = len(_framed(message))
    request = message + _field(5, STREAM)
    _h2load(path, "Expand", request, messages // STREAM, 1, STREAM * length)


def _chat(path, messages):
    """Ping-pong on one stream; h2load cannot."""
    run(CLIENT, path, "--bench", "--shape=chat", "--concurrency=1", "--warmup=0", f"--count={messages}",
        f"--size={len(MESSAGE)}")


@dataclasses.dataclass(frozen=True)
class Check:
    name: str
    unit: str
    counter: Callable
    work: Callable
    short: int  # RPCs or messages
    long: int
    tolerance: float  # percent
    digits: int = 0

    def measure(self, *flags):
        """Of a server with these flags besides."""
        more = (flags,) if flags else ()
        counts = [self.counter(lambda path, n=n: self.work(path, n), *more) for n in (self.short, self.long)]
        return (counts[1] - counts[0]) / (self.long - self.short)

    def show(self, figure, unit=True):
        return f"{figure:,.{self.digits}f}{' ' + self.unit if unit else ''}"


def _checks(name, work, short, long, per, instructions, calls):
    return (
        Check(f"{name}, instructions", f"instructions per {per}", count_instructions, work, short, long,
              instructions),
        Check(f"{name}, system calls", f"system calls per {per}", count_system_calls, work, short, long,
              calls, digits=4),
    )


CHECKS = (
    *_checks("unary 64 B, 1 at a time", _echo(1, MESSAGE, 1), 500, 3500, "RPC", 3, 3),
    *_checks("unary 64 B, 64 at a time", _echo(1, MESSAGE, 64), 1280, 11520, "RPC", 3, 10),
    *_checks("unary 1 MiB", _echo(2, b"a" * (1 << 20), 1), 10, 70, "RPC", 3, 100),
    *_checks("server stream", _expand, 2 * STREAM, 22 * STREAM, "message", 3, 100),
    *_checks("chat, ping-pong", _chat, 500, 5500, "message", 4, 4),
)

# What may make a call dearer by so many percent, where it is asked for: the check that says so, and the flag.
EXTRAS = (
    (CHECKS[0], "--metrics=127.0.0.1:0", 3),
)
