# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""The tables of docs/performance.md, and what stands above each."""

from servers import SERVERS
from works import (
    IDLE_CONNECTIONS, OPEN_LOOP_RATE, QUIET_CONNECTIONS, SETTLE_SECONDS, SPARSE_INTERVAL, STARTS,
    WATCH_SECONDS,
)
from results import percentile

CPU_TEXT = """\
A 64-byte message there and back, connections × calls at once on each, in µs. nginx's numbers are those of nginx
and of the udsecho behind it together."""

THROUGHPUT_TEXT = """\
Calls a second of the same loads. At its height it is the server's core that is busy, so the order is that
of CPU; at 1 × 1 each call waits for the one before. † is where h2load's core was busy for more than 90 % of
the time: there the server could do more."""

LATENCY_TEXT = f"""\
At 1 × 1 by h2load, and right after it the raw ping-pong: 64 bytes there and back over a Unix socket by
blocking reads and writes, which wake either side each time. (Only a server that looks for the next call
before it sleeps can be below it.) Then, by `client --bench`, at {OPEN_LOOP_RATE:,} calls a second that are
sent when they are due, whether or not those before were answered, and timed from when they were due. Who
does not keep up with that many has a queue that grows for as long as the run lasts."""

BULK_TEXT = """\
A message there and back at a time on one stream of `Chat`; one call of `Expand` that streams 64-byte
messages; and 1 MiB there and back, one call at a time. † as above."""

IDLE_TEXT = f"""\
From `exec` to the first answered call, the middle of {STARTS} starts a round (a peer's script of `sh` is
about 1 ms of it). Of a server that has answered one call: what {IDLE_CONNECTIONS:,} connections add that have
shaken hands and say nothing, for each of them, and what there is then in all, as the proportional share of what
is resident (PSS). Then, for {WATCH_SECONDS} s, the context switches of all its threads without a connection, and
again, with the CPU, with {QUIET_CONNECTIONS} idle ones that came {SETTLE_SECONDS} s before."""

METHOD_TEXT = """\
h2load makes the load, and knows nothing of gRPC. So each server's answers are first checked by `client`,
whose exit code is gRPC's status; and in each run of h2load all calls must succeed and the answers must have
the bytes that whole answers have, or it counts as failed. Before anything is measured a server is under
load until it is warm. CALLS is how many fill the time, found out in the first round, and the same in all.
The server's CPU is read before the first call and after the last one, to the nanosecond (`clock_gettime` on
the process's clock). LOG has each call's time, of which p50 is made. BODY is gRPC's frame of the request."""

_RULE = {True: "---", False: "---:"}


def table(head, rows):
    lines = [head, [_RULE[column == 0 or not any(head)] for column in range(len(head))], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value, form):
    if "," not in form and abs(value) >= 1000:
        form = ",.0f"  # three digits of 12,345 would be 1.23e+04
    return format(value, form)


def cell(spread, form):
    if spread is None:
        return "–"
    least, most = number(spread.least, form), number(spread.most, form)
    return f"{number(spread.median, form)} <sub>({least}–{most})</sub>"


def title(name):
    if name not in SERVERS:
        return name
    return f"**{SERVERS[name].title}**" if SERVERS[name].ours else SERVERS[name].title


def _load_is_the_limit(results, work, server):
    spread = results.spread(work, server, "load_busy")
    return spread is not None and spread.median > 0.9


def by_server(results, columns, forms, best=min):
    """A row a server: those that are best in the first column first. `columns`: (work, number, head);
    `forms`: how to print them, one for all or one each. Rates that the load held back are marked."""
    columns = [
        (work, name, head, forms if isinstance(forms, str) else forms[at])
        for at, (work, name, head) in enumerate(columns) if results.servers(work)
    ]
    if not columns:
        return "Not in this run."
    servers = list(dict.fromkeys(server for column in columns for server in results.servers(column[0])))
    worst = float("inf") if best is min else 0

    def first(server):
        spread = results.spread(columns[0][0], server, columns[0][1])
        return spread.median if spread else worst

    servers.sort(key=first, reverse=best is max)
    return table(["", *(head for _, _, head, _ in columns)], [
        [title(server), *(
            cell(results.spread(work, server, name), form)
            + ("†" if name == "rate" and _load_is_the_limit(results, work, server) else "")
            for work, name, _, form in columns
        )] for server in servers
    ])


def goals_table(goals):
    rows = []
    for goal in goals:
        if goal.measured is None:
            rows.append([goal.text, goal.target, "–", "not in this run"])
            continue
        verdict = "met" if goal.met else f"**not met**{goal.how_far}"
        rows.append([goal.text, goal.target, cell(goal.measured, ".3g") + goal.unit, verdict])
    return table(["goal", "target", "measured", ""], rows)


def latency_tables(results):
    sections = [by_server(results, [
        ("unary_1x1", "p50_us", "1 × 1, p50, µs"), ("unary_1x1", "p99_us", "p99"),
        ("unary_1x1", "ping_pong_us", "raw ping-pong, µs"),
        ("unary_1x1", "of_ping_pong", "p50 of the ping-pong's"),
    ], (".3g", ".3g", ".3g", ".2f")), by_server(results, [
        ("open_loop", "p50_us", "open loop, p50, µs"), ("open_loop", "p99_us", "p99"),
        ("open_loop", "p99.9_us", "p99.9"), ("open_loop", "rate", "calls a second"),
        ("open_loop", "cpu_us", "CPU per RPC, µs"), ("open_loop", "late_p99_us", "sent late, p99, µs"),
    ], (".3g", ".3g", ".3g", ",.0f", ".3g", ".3g"))]
    if results.servers("sparse"):
        sections += [
            f"A call every {SPARSE_INTERVAL} s, as most local services are called. Of the calls of all rounds, in ms:",
            _sparse_table(results),
        ]
    return "\n\n".join(sections)


def _sparse_table(results):
    calls = {server: results.pooled("sparse", server, "all_us") for server in results.servers("sparse")}
    rows = sorted((percentile(times, 50), server, times) for server, times in calls.items() if times)
    return table(["", "p50", "p99", "slowest", "calls"], [
        [title(server), *(f"{value / 1000:.3g}" for value in (p50, percentile(times, 99), max(times))),
         str(len(times))] for p50, server, times in rows
    ])


def bulk_table(results):
    return "\n\n".join((
        by_server(results, [
            ("expand", "rate", "stream, messages a second"), ("expand", "cpu_us", "CPU, µs a message"),
            ("expand", "load_busy", "h2load's core busy"),
        ], (",.0f", ".3g", ".0%"), best=max),
        by_server(results, [
            ("unary_1mib", "rate", "1 MiB, MiB a second"), ("unary_1mib", "cpu_us", "CPU per RPC, µs"),
        ], (",.0f", ",.0f"), best=max),
        by_server(results, [
            ("chat_1x1", "p50_us", "ping-pong on a stream, p50, µs"), ("chat_1x1", "p99_us", "p99"),
            ("chat_1x1", "cpu_us", "CPU, µs a message"),
        ], ".3g"),
    ))


def idle_table(results):
    return by_server(results, [
        ("start", "ms", "start, ms"), ("idle_memory", "each_kb", "an idle connection, KB"),
        ("idle_memory", "after_mb", "in all, MB"), ("idle", "wake_ups_alone", "wake-ups without connections"),
        ("idle", "wake_ups", "with 100"), ("idle", "cpu_percent", "CPU with 100, % of a core"),
    ], (".3g", ".3g", ".3g", ",.0f", ",.0f", ".3f"))
