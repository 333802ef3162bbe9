# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What udsecho is meant to reach, and whether this run shows it.

A goal against several takes the best of them, in each round.
"""

import dataclasses

from results import Spread
from servers import OURS, OURS_SHARDED, SERVERS

PEERS = tuple(name for name, server in SERVERS.items() if server.peer)


@dataclasses.dataclass(frozen=True)
class Goal:
    text: str
    measured: Spread  # None: not in this run
    at_most: float = None
    at_least: float = None
    below: float = None
    in_each_round: float = None  # no round may have less
    unit: str = ""

    @property
    def target(self):
        never = "" if self.in_each_round is None else f", never < {self.in_each_round:g}"
        for word, value in (("≤", self.at_most), ("≥", self.at_least), ("<", self.below)):
            if value is not None:
                return f"{word} {value:,g}{self.unit}{never}"
        raise ValueError(self.text)

    @property
    def met(self):
        value = self.measured.median
        if self.in_each_round is not None and self.measured.least < self.in_each_round:
            return False
        return (
            value <= self.at_most if self.at_most is not None
            else value >= self.at_least if self.at_least is not None
            else value < self.below
        )

    @property
    def margin(self):
        """How far the median is from the target, in per cent of it: above 0 is better than asked. None
        where the target is 0."""
        if self.at_least is not None:
            return (self.measured.median / self.at_least - 1) * 100
        target = self.at_most if self.below is None else self.below
        return (1 - self.measured.median / target) * 100 if target else None

    @property
    def how_far(self):
        """By how much it is missed, for the end of a sentence."""
        margin = self.margin
        return f", by {-margin:.1f} %" if margin is not None and margin < 0 else ""

    @property
    def verdict(self):
        """As it is printed: "met: 0.55 (0.5 to 0.6) of ≤ 0.6"."""
        low, middle, high = (
            f"{value:.3g}" for value in (self.measured.least, self.measured.median, self.measured.most)
        )
        return f"{'met' if self.met else 'not met'}: {middle} ({low} to {high}) of {self.target}"


def goals(results):
    def against(others, work, name, best=min):
        measured = [other for other in others if other in results.servers(work)]
        return results.ratio(work, name, OURS, measured, best) if measured else None

    def own(work, name):
        return results.spread(work, OURS, name)

    def cpu(title, work, server, whose, at_most):
        text = f"{title}, of {whose}"
        return Goal(text, against((server,), work, "cpu_us"), at_most=at_most)

    def calls(server, whose, at_most):
        return [
            cpu(f"CPU per call at {title}", work, server, whose, at_most)
            for title, work in (("1 × 64", "unary_1x64"), ("8 × 8", "unary_8x8"))
        ]

    def shards(title, work):
        return Goal(
            f"two shards, two cores, {title}: throughput of one shard's",
            results.ratio(work, "rate", OURS_SHARDED, [OURS], max), at_least=1.2, in_each_round=1,
        )

    tonic = "tonic1", "tonic's (1 worker)"
    return [
        *calls(*tonic, 0.60),
        *calls("go_tuned", "grpc-go's, tuned", 0.30),
        *calls("cpp_callback", "C++ callback's with health", 0.28),
        *calls("nghttp2_bare", "the bare echo's on nghttp2", 1.7),
        cpu("CPU per call at 64 × 1", "unary_64x1", *tonic, 0.80),
        cpu("CPU per call at 1000 × 1", "unary_1000x1", *tonic, 0.60),
        Goal("p50 at 1 × 1, of the raw ping-pong's", own("unary_1x1", "of_ping_pong"), at_most=1.7),
        cpu("CPU per call at 1 × 1", "unary_1x1", *tonic, 1.1),
        Goal("1 MiB echo: throughput, of the fastest peer's",
             against(PEERS, "unary_1mib", "rate", max), at_least=1.1),
        cpu("1 MiB echo: CPU per call", "unary_1mib", *tonic, 0.9),
        cpu("server stream of 64-byte messages: CPU a message", "expand", *tonic, 0.6),
        Goal("ping-pong on a stream: p50, of the best peer's", against(PEERS, "chat_1x1", "p50_us"), below=1),
        Goal("ping-pong on a stream: CPU a message, of the best peer's",
             against(PEERS, "chat_1x1", "cpu_us"), below=1),
        shards("8 × 8", "unary_8x8_both_cores"),
        shards("1000 × 1", "unary_1000x1_both_cores"),
        Goal("start to first answer", own("start", "ms"), at_most=6, unit=" ms"),
        Goal("a connection that is idle: memory for each of 1,000", own("idle_memory", "each_kb"),
             at_most=15, unit=" KB"),
        Goal("wake-ups of an idle server in 5 s", own("idle", "wake_ups_alone"), at_most=0),
    ]
