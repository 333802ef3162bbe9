# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What is measured of each server, by name. Each measurement is a dictionary of numbers.

    WORKS["unary_1x64"].measure(context)   # {"cpu_us": 9.1, "rate": 98000, ...}

CPU is the server's: all its processes, from the first call's sending to the last answer.
"""

import contextlib
import dataclasses
import math
import statistics
import time
import typing

import h2load
import programs
import wire
from process import PATIENCE, Process

OPEN_LOOP_RATE = 10_000  # a second: what most servers can keep up with
SPARSE_INTERVAL = 1.05  # seconds: just over the one after which some servers fall asleep
SPARSE_CALLS = 6
IDLE_CONNECTIONS, QUIET_CONNECTIONS = 1000, 100
SETTLE_SECONDS = 5  # what servers still do for a new connection is no idleness
WATCH_SECONDS = 5  # how long an idle server is watched
IDLE_ROUNDS = 3  # a wake-up more or less is no matter of the machine's minute
STARTS = 3
PING_PONG_SECONDS = 0.3


@dataclasses.dataclass
class Context:
    """What a measurement is given."""
    server: object
    process: object  # None: it starts the server itself
    directory: object
    seconds: float
    calls: dict  # what is known of how many calls fill the time, by server and work


@dataclasses.dataclass(frozen=True)
class Work:
    name: str
    title: str
    measure: typing.Callable
    cost: typing.Callable  # seconds that it takes, of those of one load
    cores: typing.Optional[str] = programs.SERVER_CORE
    starts: bool = False  # the server itself
    rounds: float = math.inf  # at most
    load: typing.Optional[h2load.Load] = None
    command: typing.Optional[typing.Callable] = None


def _load(name, load, title, cores=programs.SERVER_CORE, more=None, messages=1):
    """Load by h2load. `more`: adds to the numbers, told of the log of each call's time."""

    def measure(context):
        key, socket = (context.server.name, name), context.process.socket
        if key not in context.calls:
            context.calls[key] = h2load.calls_for(load, socket, context.directory, context.seconds)
        log = context.directory / "calls" if more else None
        if log:
            log.unlink(missing_ok=True)
        before = context.process.cpu()
        outcome = h2load.run(load, socket, context.directory, context.calls[key], log)
        cpu = context.process.cpu_since(before)
        return {
            "cpu_us": cpu / 1000 / outcome.calls / messages, "rate": outcome.rate * messages,
            "calls": outcome.calls, "load_busy": outcome.load_cpu / outcome.seconds,
            "server_busy": cpu / 1e9 / outcome.seconds, **(more(log) if more else {}),
        }

    def command():
        return load.command("SOCKET", "BODY", "CALLS", "LOG" if more else None)

    return Work(name, title, measure, lambda seconds: 1.2 * seconds, cores, load=load, command=command)


def _latency(log):
    """The middle call's time, and right after it the raw ping-pong's."""
    times = h2load.latencies(log)
    raw = programs.ping_pong(PING_PONG_SECONDS)["p50_ns"] / 1000
    p50 = times[len(times) // 2]
    return {
        "p50_us": p50, "p99_us": times[len(times) * 99 // 100], "ping_pong_us": raw,
        "of_ping_pong": p50 / raw,
    }


def _unary(connections, streams):
    request = wire.echo()
    return h2load.Load("Echo", request, len(request), connections, streams, first=2000)


def _bench(context, *arguments):
    before = context.process.cpu()
    report = programs.bench(context.process.socket, context.seconds, *arguments)
    cpu = context.process.cpu_since(before)
    return {
        "cpu_us": cpu / 1000 / report["calls"], "rate": report["calls_per_second"],
        **{f"{name}_us": report["latency_us"][name] for name in ("p50", "p99", "p99.9")},
        "late_p99_us": report["late_p99_us"],
    }


def _open_loop(context):
    return _bench(context, f"--rate={OPEN_LOOP_RATE}")


def _chat(context):
    return _bench(context, "--shape=chat", "--concurrency=1")


def _sparse(context):
    lines = programs.client(
        context.process.socket, "x", f"--count={SPARSE_CALLS + 1}", f"--interval={SPARSE_INTERVAL}s"
    )
    # The first one connects.
    times = [line["round_trip_us"] for line in lines if "message" in line][1:]
    return {"p50_us": statistics.median(times), "max_us": max(times), "all_us": times}


def _start(context):
    socket = context.directory / "start"
    return {"ms": statistics.median(
        programs.first_answer(context.server, socket)["ms"] for _ in range(STARTS)
    )}


@contextlib.contextmanager
def _fresh(server):
    """A process that has answered one call and no other."""
    with Process(server, programs.SERVER_CORE) as process:
        while True:
            try:
                programs.client(process.socket, "x", "--wait=60s")
                break
            except programs.Failed:
                # A front may be there before what it stands for.
                if process.ended() or process.age() > PATIENCE:
                    raise
        yield process


def _idle_memory(context):
    with _fresh(context.server) as process:
        before = process.memory()
        with wire.idle_connections(process.socket, IDLE_CONNECTIONS):
            after = process.memory()
    growth = after - before
    return {
        "before_mb": before / 1e6, "growth_mb": growth / 1e6, "after_mb": after / 1e6,
        "each_kb": growth / 1e3 / IDLE_CONNECTIONS,
    }


def _watch(process):
    """CPU in per cent of a core, and how often a thread was switched to or from."""
    before, switches, begin = process.cpu(), process.context_switches(), time.monotonic()
    time.sleep(WATCH_SECONDS)
    taken = time.monotonic() - begin
    return process.cpu_since(before) / 1e7 / taken, process.context_switches() - switches


def _idle(context):
    with _fresh(context.server) as process:
        time.sleep(1)  # until the client's connection is forgotten
        _, alone = _watch(process)
        with wire.idle_connections(process.socket, QUIET_CONNECTIONS):
            time.sleep(SETTLE_SECONDS)
            cpu, connected = _watch(process)
    return {"wake_ups_alone": alone, "wake_ups": connected, "cpu_percent": cpu}


_EXPAND = h2load.Load("Expand", wire.expand(), len(wire.echo()) * wire.EXPANSION, 1, 1, first=1)
_LARGE = h2load.Load("Echo", wire.echo(b"", wire.LARGE), len(wire.echo(b"", wire.LARGE)), 1, 1, 20)


def _with_client(seconds):
    return seconds + 0.3


WORKS = {work.name: work for work in (
    # Of a server of their own: what load leaves behind is not idle connections'.
    Work("idle_memory", "1,000 idle connections", _idle_memory, lambda _: 1.5, starts=True),
    Work("idle", "a server that has nothing to do", _idle,
         lambda _: 2 * WATCH_SECONDS + SETTLE_SECONDS + 1.5, starts=True, rounds=IDLE_ROUNDS),
    _load("unary_1x1", _unary(1, 1), "1 connection × 1 call", more=_latency),
    _load("unary_1x64", _unary(1, 64), "1 × 64"),
    _load("unary_8x8", _unary(8, 8), "8 × 8"),
    _load("unary_64x1", _unary(64, 1), "64 × 1"),
    _load("unary_1000x1", _unary(1000, 1), "1000 × 1"),
    _load("unary_1mib", _LARGE, "1 MiB there and back"),
    _load("expand", _EXPAND, "server stream of 64-byte messages", messages=wire.EXPANSION),
    Work("chat_1x1", "ping-pong on one stream", _chat, _with_client),
    Work("open_loop", f"{OPEN_LOOP_RATE:,} calls a second, open loop", _open_loop, _with_client),
    Work("sparse", f"a call every {SPARSE_INTERVAL} s", _sparse,
         lambda _: SPARSE_CALLS * SPARSE_INTERVAL + 0.3),
    _load("unary_1x64_both_cores", _unary(1, 64), "1 × 64, both cores", cores=programs.ANY_CORE),
    _load("unary_8x8_both_cores", _unary(8, 8), "8 × 8, both cores", cores=programs.ANY_CORE),
    _load("unary_1000x1_both_cores", _unary(1000, 1), "1000 × 1, both cores", cores=programs.ANY_CORE),
    Work("start", "start to first answer", _start, lambda _: STARTS * 0.3, starts=True),
)}
