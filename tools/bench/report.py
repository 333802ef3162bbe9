# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""docs/performance.md, from what was measured and from what is written by hand beside this file."""

import pathlib
import shlex

import machine
import tables
from goals import goals
from programs import CLIENT_CORE, SERVER_CORE
from works import WORKS

_HERE = pathlib.Path(__file__).parent

_CONNECTIONS = ("unary_1x1", "unary_1x64", "unary_8x8", "unary_64x1", "unary_1000x1")
# The headline first: tables are sorted by it.
_UNARY = tuple(dict.fromkeys(
    ("unary_1x64", "unary_1x64_both_cores", *_CONNECTIONS[:3], "unary_8x8_both_cores", *_CONNECTIONS,
     "unary_1000x1_both_cores")
))

# wire.echo() for a shell.
_BODY = r"{ printf '\0\0\0\0\102\12\100'; printf 'x%.0s' {1..64}; } >BODY"

_INTRODUCTION = """\
<!-- Made by tools/bench/run from performance/results.json, tools/bench/levers.md and tools/bench/model.md:
change those, and run tools/bench/run --report-only. -->

# Performance

`tools/bench/run` measured udsecho and its peers in one run, on {date}. Rounds: {rounds}, in each of them every
server one after the other, {seconds:g} s a load. The server has core {server_core} to itself and the load core
{client_core}; where it says both cores, the server may use the load's too. A number is the median of the
rounds, and in brackets stand the least and the most. **CPU is the server's**, by the kernel's accounting, of
all its processes: what a server costs, whatever the load could make of it. Ratios are made in each round, then
their median is taken.
"""


def _plots(results, folder):
    """Draws what there is something to draw for. Their names; None without matplotlib."""
    try:
        import plots
    except ImportError:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}

    def has(*names):
        return [WORKS[name] for name in names if any(
            results.spread(name, server, "cpu_us") for server in results.servers(name)
        )]

    if works := has(*_UNARY[:2]):
        drawn["cpu"] = plots.cpu, works
    if works := has(*_CONNECTIONS):
        drawn["throughput"] = plots.throughput, works, (has(*_UNARY[:1]) or works)[0]
    if works := has("open_loop"):
        drawn["latency"] = plots.latency, works[0]
    for name, (draw, *what) in drawn.items():
        draw(results, folder / f"{name}.svg", *what)
    return drawn


def _picture(drawn, name, text):
    return [f"![{text}](performance/{name}.svg)"] if drawn and name in drawn else []


def _commands(results):
    """Each command of a load, as it was run."""
    lines = ["```sh", "# BODY, of the 64 bytes", _BODY]
    for name in results.samples:
        if name in WORKS and WORKS[name].command:
            lines += [f"# {name}", shlex.join(WORKS[name].command())]
    return "\n".join([*lines, "```"])


def _notes(results):
    lines = [f"- {server}: {why}" for server, why in results.facts.get("skipped", {}).items()]
    lines += [
        f"- {server}, {work}: {failed} of {all_} rounds failed. The first: {why.splitlines()[0]}"
        for work, server, failed, all_, why in results.errors()
    ]
    return ["### What was not measured", "\n".join(lines)] if lines else []


def _machine(results):
    facts = results.facts["machine"]
    rows = [
        ("processor", f"{facts['processor']}, {facts['cores']} cores"),
        ("memory", f"{facts['memory_gb']} GB"), ("Linux", facts["kernel"]),
        ("load before the run", f"{facts['load_before']:g}"),
        *results.facts["versions"].items(),
    ]
    return tables.table(["", ""], rows)


def text(results, drawn):
    """The whole page."""
    facts = results.facts
    sections = [
        _INTRODUCTION.format(**facts),
        "## Goals", tables.goals_table(goals(results)),
        "## CPU per RPC", tables.CPU_TEXT, *_picture(drawn, "cpu", "Server CPU per RPC by server"),
        tables.by_server(results, [(name, "cpu_us", WORKS[name].title) for name in _UNARY], ".3g"),
        "## Throughput", tables.THROUGHPUT_TEXT,
        *_picture(drawn, "throughput", "Calls a second by connections and calls of each"),
        tables.by_server(
            results, [(name, "rate", WORKS[name].title) for name in _UNARY], ",.0f", best=max
        ),
        "## Latency", tables.LATENCY_TEXT,
        *_picture(drawn, "latency", "Percentiles of latency in an open loop by server"),
        tables.latency_tables(results),
        "## Streams and large messages", tables.BULK_TEXT, tables.bulk_table(results),
        "## Start, memory and idleness", tables.IDLE_TEXT, tables.idle_table(results),
        *((_HERE / name).read_text().strip() for name in ("levers.md", "model.md")),
        "## How it was measured", tables.METHOD_TEXT, _commands(results),
        "### The machine and the versions", _machine(results), *_notes(results),
    ]
    return "\n\n".join(section.strip("\n") for section in sections if section) + "\n"


def write(results, folder):
    """The page and its diagrams. Whether there are diagrams: they want matplotlib."""
    drawn = _plots(results, folder / "performance")
    (folder / "performance.md").write_text(text(results, drawn))
    return drawn is not None


def facts(servers, works, rounds, seconds, date, skipped):
    return {
        "date": date, "rounds": rounds, "seconds": seconds, "server_core": SERVER_CORE,
        "client_core": CLIENT_CORE, "machine": machine.describe(), "versions": machine.versions(),
        "servers": [server.name for server in servers], "works": [work.name for work in works],
        "skipped": skipped,
    }
