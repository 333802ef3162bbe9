# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What a soak looked like: memory, descriptors and the honest calls' p99 over time, as SVG."""

import datetime

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402  the backend comes first

LINE, INK, FAINT = "#0b5fa5", "#1f2933", "#e3e7eb"

pyplot.rcParams.update({
    "figure.facecolor": "white", "axes.facecolor": "white", "savefig.facecolor": "white",
    "font.family": "sans-serif", "font.size": 10, "text.color": INK, "axes.labelcolor": INK,
    "axes.edgecolor": FAINT, "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False,
    "axes.spines.right": False, "svg.hashsalt": "udsecho",  # the same numbers make the same file
})


def draw(soak, path, max_p99):
    begin = soak.began
    figure, (memory, descriptors, p99) = pyplot.subplots(3, 1, figsize=(9, 7), sharex=True)
    times = [(at - begin) / 60 for at, _ in soak.samples]
    memory.plot(times, [usage.resident / (1 << 20) for _, usage in soak.samples], color=LINE, linewidth=0.8)
    memory.set_ylabel("memory, MiB")
    descriptors.plot(times, [usage.descriptors for _, usage in soak.samples], color=LINE, linewidth=0.8)
    descriptors.set_ylabel("descriptors")

    window = max(5, soak.options.time / 120)  # seconds
    points = []
    at = begin
    while at < soak.ended:
        points.append(((at + window / 2 - begin) / 60, soak.answers.percentile(at, at + window)))
        at += window
    points = [point for point in points if point[1] is not None]
    p99.plot(*zip(*points), color=LINE, linewidth=0.8)
    p99.axhline(max_p99, color=INK, linewidth=0.8, linestyle="--")
    p99.text(0, max_p99, " bound, over the whole", va="bottom", fontsize=8)
    p99.set_yscale("log")
    p99.set_ylabel(f"p99 of honest calls,\nms, each {window:.0f} s")
    p99.set_xlabel("minutes")
    for axes in (memory, descriptors, p99):
        axes.grid(color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.axvspan(0, (soak.restarted - begin) / 60, color=FAINT, alpha=0.6, linewidth=0)
    for axes in (memory, descriptors):
        axes.set_ylim(bottom=0)
    memory.text(0, 1, " restarts and kills", transform=memory.get_xaxis_transform(), va="top", fontsize=8)
    figure.suptitle(
        f"{soak.options.time / 60:g} minutes under honest clients of three languages and attackers of two uids"
        f" ({datetime.date.today()})", fontsize=11)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
