# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What was measured, kept as JSON, and what is made of the rounds: medians, spread, ratios.

    results = Results.load(path)
    spread = results.spread("unary_1x64", "udsecho", "cpu_us")
    spread.median, spread.least, spread.most
    results.ratio("unary_1x64", "cpu_us", "udsecho", ["go", "go_tuned"], min)

A ratio is made in each round and its median taken, for both sides had that round's machine.
"""

import dataclasses
import json
import statistics


@dataclasses.dataclass(frozen=True)
class Spread:
    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values):
        values = list(values)
        return cls(statistics.median(values), min(values), max(values)) if values else None


def percentile(values, share):
    """The value that so many per cent of the values do not exceed: one of them, none in between."""
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share / 100))]


class Results:
    """`facts`: the date, the machine, versions and settings. `samples`: work -> server -> a dictionary a
    round, with "error" alone in it where there is no number."""

    def __init__(self, facts, samples):
        self.facts, self.samples = facts, samples

    @classmethod
    def load(cls, path):
        content = json.loads(path.read_text())
        return cls(content["facts"], content["samples"])

    def save(self, path):
        """A line a work and server: a change of one is seen as one."""
        lines = []
        for work, servers in self.samples.items():
            rows = [
                f'   {json.dumps(server)}: {json.dumps([_short(sample) for sample in samples])}'
                for server, samples in servers.items()
            ]
            lines.append(f'  {json.dumps(work)}: {{\n' + ",\n".join(rows) + "\n  }")
        medians = json.dumps(_short(self._medians()))
        path.write_text(
            f'{{"facts": {json.dumps(self.facts)},\n "medians": {medians},\n "samples": {{\n'
            + ",\n".join(lines) + "\n }\n}\n"
        )

    def _medians(self):
        return {
            work: {server: {name: self.spread(work, server, name).median
                            for name in self._numbers(samples)}
                   for server, samples in servers.items() if self._numbers(samples)}
            for work, servers in self.samples.items()
        }

    @staticmethod
    def _numbers(samples):
        """The names of the numbers that each round has."""
        good = [sample for sample in samples if "error" not in sample]
        return [name for name, value in good[0].items() if isinstance(value, (int, float))] if good else []

    def servers(self, work):
        return list(self.samples.get(work, {}))

    def errors(self):
        """(work, server, how many rounds failed, of how many, why the first did)."""
        for work, servers in self.samples.items():
            for server, samples in servers.items():
                errors = [sample["error"] for sample in samples if "error" in sample]
                if errors:
                    yield work, server, len(errors), len(samples), errors[0]

    def values(self, work, server, name):
        """One a round; None where it failed or was not measured."""
        return [sample.get(name) for sample in self.samples.get(work, {}).get(server, [])]

    def spread(self, work, server, name):
        """None when no round has it."""
        return Spread.of(value for value in self.values(work, server, name) if value is not None)

    def pooled(self, work, server, name):
        """The values of all rounds, of a number that is a list in each."""
        return [value for values in self.values(work, server, name) if values for value in values]

    def ratio(self, work, name, ours, others, best):
        """Ours by the best of the others, of each round. `best` is min or max. None without a round that
        has both."""
        rounds = zip(self.values(work, ours, name), *(
            self.values(work, other, name) for other in others
        ))
        return Spread.of(
            own / best(value for value in rest if value is not None)
            for own, *rest in rounds
            if own is not None and any(value is not None for value in rest)
        )

    def ratio_of_works(self, name, server, above, below):
        rounds = zip(self.values(above, server, name), self.values(below, server, name))
        return Spread.of(a / b for a, b in rounds if a is not None and b is not None)


def _short(value):
    """Five digits: more is noise."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _short(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_short(inner) for inner in value]
    return value
