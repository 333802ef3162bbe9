# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What udsecho is meant to reach, and whether this run shows it.

A goal against others takes the best of them, in each round.
"""

import dataclasses

from results import Spread, percentile
from servers import OURS, OURS_SHARDED, SERVERS

GO, TONIC, CALLBACK = ("go", "go_tuned"), ("tonic1", "tonic2"), ("cpp_callback",)
PEERS = tuple(name for name, server in SERVERS.items() if server.peer)


@dataclasses.dataclass(frozen=True)
class Goal:
    text: str
    measured: Spread  # None: not in this run
    at_most: float = None
    at_least: float = None
    below: float = None
    unit: str = ""

    @property
    def target(self):
        for word, value in (("≤", self.at_most), ("≥", self.at_least), ("<", self.below)):
            if value is not None:
                return f"{word} {value:,g}{self.unit}"
        raise ValueError(self.text)

    @property
    def met(self):
        value = self.measured.median
        return (
            value <= self.at_most if self.at_most is not None
            else value >= self.at_least if self.at_least is not None
            else value < self.below
        )

    @property
    def margin(self):
        """How far the median is from the target, in per cent of it: above 0 is better than asked."""
        if self.at_least is not None:
            return (self.measured.median / self.at_least - 1) * 100
        return (1 - self.measured.median / (self.below or self.at_most)) * 100


def goals(results):
    def against(others, work, name, best=min):
        measured = [other for other in others if other in results.servers(work)]
        return results.ratio(work, name, OURS, measured, best) if measured else None

    def own(work, name):
        return results.spread(work, OURS, name)

    calls = results.pooled("sparse", OURS, "all_us")
    sparse = Spread(percentile(calls, 99) / 1000, min(calls) / 1000, max(calls) / 1000) if calls else None
    one, both = "unary_1x64", "unary_1x64_both_cores"
    return [
        Goal("CPU per RPC at 1 × 64, one core, of the C++ callback server's",
             against(CALLBACK, one, "cpu_us"), at_most=0.55),
        Goal("the same with both cores open to the server",
             against(CALLBACK, both, "cpu_us"), at_most=0.40),
        Goal("CPU per RPC at 1 × 64 of grpc-go's", against(GO, one, "cpu_us"), at_most=0.50),
        Goal("CPU per RPC at 1 × 64 of tonic's", against(TONIC, one, "cpu_us"), below=1),
        Goal("p50 at 1 × 1 of the fastest peer's", against(PEERS, "unary_1x1", "p50_us"), below=1),
        Goal("p50 at 1 × 1 of the raw ping-pong's", own("unary_1x1", "of_ping_pong"), at_most=2),
        Goal("p99 of sparse calls", sparse, below=1, unit=" ms"),
        Goal("throughput at 1000 × 1 of that at 8 × 8",
             results.ratio_of_works("rate", OURS, "unary_1000x1", "unary_8x8"), at_least=0.7),
        Goal("1 MiB echo, throughput of the fastest peer's",
             against(PEERS, "unary_1mib", "rate", max), at_least=1),
        Goal("server stream, messages a second", own("expand", "rate"), at_least=500_000),
        Goal("server stream, of grpc-go's", against(GO, "expand", "rate", max), at_least=1.5),
        # None at all, to the tenth of a per cent of a core that is shown.
        Goal("CPU when idle with 100 connections", own("idle_cpu", "cpu_percent"), below=0.05,
             unit=" %"),
        Goal("memory of 1,000 idle connections", own("idle_memory", "growth_mb"), at_most=40,
             unit=" MB"),
        Goal("two shards, 8 × 8, both cores: throughput of that of one",
             results.ratio("unary_8x8_both_cores", "rate", OURS_SHARDED, [OURS], max), at_least=1),
        Goal("start to first answer", own("start", "ms"), at_most=15, unit=" ms"),
    ]
