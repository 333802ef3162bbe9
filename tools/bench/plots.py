# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""The diagrams, as SVG. They have a white ground of their own, to be read on a dark page too."""

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402  the backend comes first

from servers import SERVERS  # noqa: E402

OURS, OTHERS, INK, FAINT = "#0b5fa5", "#b3bcc6", "#1f2933", "#e3e7eb"

pyplot.rcParams.update({
    "figure.facecolor": "white", "axes.facecolor": "white", "savefig.facecolor": "white",
    "font.family": "sans-serif", "font.size": 10, "text.color": INK, "axes.labelcolor": INK,
    "axes.edgecolor": FAINT, "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False,
    "axes.spines.right": False, "axes.spines.left": False, "ytick.left": False,
    "svg.hashsalt": "udsecho",  # the same numbers make the same file
})


def _is_ours(name):
    return name in SERVERS and SERVERS[name].ours


def title_of(name):
    return SERVERS[name].title if name in SERVERS else name


def _color(name):
    return OURS if _is_ours(name) else OTHERS


def _names(axes, names):
    axes.set_yticks(range(len(names)), [title_of(name) for name in names])
    for label, name in zip(axes.get_yticklabels(), names):
        if _is_ours(name):
            label.set_color(OURS)
            label.set_weight("bold")
    axes.set_ylim(len(names) - 0.4, -0.6)  # the first one on top


def _bars(axes, names, spreads, label):
    """A bar a server: the median, a line from the least to the most, the number at the end. Who is far from
    all others gets a bar with a gap in it, or theirs could not be told apart."""
    medians = sorted(spread.median for spread in spreads if spread)
    full = min(medians[-1], 2.5 * medians[len(medians) * 3 // 4]) if medians else 1
    for row, (name, spread) in enumerate(zip(names, spreads)):
        if spread is None:
            axes.text(0, row, " failed", va="center", fontsize=8)
            continue
        end = min(spread.median, full)
        axes.barh(row, end, height=0.66, color=_color(name))
        if spread.median > full:
            axes.plot([0.9 * full, 0.93 * full], [row + 0.5, row - 0.5], color="white", linewidth=4)
        else:
            end = max(end, min(spread.most, 1.2 * full))
            axes.plot([spread.least, end], [row, row], color=INK, linewidth=1)
        axes.text(end, row, "  " + label(spread.median), va="center", fontsize=9,
                  weight="bold" if _is_ours(name) else "normal")
    axes.set_xlim(0, full * 1.4)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)


def _head(figure, text):
    """In the same distance of the panels' titles, however tall the figure."""
    figure.suptitle(text, x=0.02, ha="left", va="bottom", weight="bold", fontsize=12,
                    y=0.9 + 0.3 / figure.get_figheight())


def _size(number):
    return f"{number / 1000:.3g}k" if number >= 1000 else f"{number:.3g}"


def _save(figure, path):
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)


def _sorted(results, work, name):
    spreads = {server: results.spread(work, server, name) for server in results.servers(work)}
    return sorted((s for s in spreads if spreads[s]), key=lambda s: spreads[s].median)


def cpu(results, path, works):
    """CPU per RPC: a panel a work, the servers in the order of the first."""
    names = _sorted(results, works[0].name, "cpu_us")
    figure, panels = pyplot.subplots(
        1, len(works), sharey=True, squeeze=False,
        figsize=(3.2 + 3.4 * len(works), 0.7 + 0.32 * len(names)),
    )
    for axes, work in zip(panels[0], works):
        spreads = [results.spread(work.name, name, "cpu_us") for name in names]
        _bars(axes, names, spreads, lambda value: f"{value:.3g} µs")
        axes.set_title(work.title, loc="left", fontsize=10)
    _names(panels[0][0], names)
    _head(figure, "Server CPU per RPC (less is better)")
    _save(figure, path)


def throughput(results, path, works, by):
    """Calls a second: a panel a number of connections and calls, each with a scale of its own, the servers
    in the order of one of them."""
    names = _sorted(results, by.name, "rate")[::-1]
    figure, panels = pyplot.subplots(
        1, len(works), sharey=True, squeeze=False,
        figsize=(2.6 + 1.9 * len(works), 0.7 + 0.32 * len(names)),
    )
    for axes, work in zip(panels[0], works):
        spreads = [results.spread(work.name, name, "rate") for name in names]
        _bars(axes, names, spreads, _size)
        axes.set_title(work.title, loc="left", fontsize=10)
    _names(panels[0][0], names)
    _head(figure, "Calls a second by connections × calls of each (more is better)")
    _save(figure, path)


_TIMES = (1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000)


def _time(microseconds):
    if microseconds < 1000:
        return f"{microseconds:.3g} µs"
    return f"{microseconds / 1000:.3g} ms" if microseconds < 1e6 else f"{microseconds / 1e6:.3g} s"


def latency(results, path, work):
    """The middle of the calls, and the slowest of a hundred and of a thousand."""
    names = _sorted(results, work.name, "p99_us")
    figure, axes = pyplot.subplots(figsize=(9, 0.9 + 0.36 * len(names)))
    marks = (("p50_us", "o"), ("p99_us", "|"), ("p99.9_us", ">"))
    for row, name in enumerate(names):
        color = OURS if _is_ours(name) else "#7b8794"
        times = [results.spread(work.name, name, mark).median for mark, _ in marks]
        axes.plot(times, [row] * len(times), color=color, linewidth=2, zorder=1)
        for time, (_, shape) in zip(times, marks):
            axes.plot(time, row, shape, color=color, markersize=9 if shape == "|" else 6,
                      markeredgewidth=2 if shape == "|" else 1)
        axes.annotate(
            " · ".join(map(_time, times)), (times[-1], row), (10, 0), textcoords="offset points",
            va="center", fontsize=8, weight="bold" if _is_ours(name) else "normal",
        )
    axes.set_xscale("log")
    least = min((results.spread(work.name, name, "p50_us").median for name in names), default=1)
    most = max((results.spread(work.name, name, "p99.9_us").median for name in names), default=10)
    axes.set_xlim(least / 1.6, most * 12)  # with room for the last one's numbers
    axes.set_xticks([t for t in _TIMES if least / 1.6 < t <= most], [
        _time(t) for t in _TIMES if least / 1.6 < t <= most
    ])
    axes.minorticks_off()
    axes.grid(axis="x", color=FAINT, zorder=0)
    _names(axes, names)
    axes.set_ylim(len(names) - 0.4, -0.9)
    axes.set_title(
        f"Latency at {work.title} (less is better)", loc="left", weight="bold", pad=22, x=-0.3
    )
    axes.text(0, 1.02, "● 50 %    ❙ 99 %    ▶ 99.9 % of the calls took no longer", fontsize=9,
              transform=axes.transAxes)
    _save(figure, path)
