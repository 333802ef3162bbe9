# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""The rounds: in each, every server one after the other, from another one on than in the round before.

A shared machine is faster in one minute than in the next. What is compared was measured in the same
round, and each round compares anew.
"""

import itertools
import pathlib
import resource
import tempfile
import time

import h2load
import programs
from process import PATIENCE, Process
from works import WORKS, Context

_START_SECONDS = 1  # to start a server, to check it and to stop it


def _groups(works):
    """The works that one start of the server serves."""
    return [list(group) for _, group in itertools.groupby(works, lambda w: (w.cores, w.starts))]


def expected_seconds(servers, works, rounds, seconds):
    one = sum(work.cost(seconds) * min(rounds, work.rounds) for work in works)
    serving = sum(1 for group in _groups(works) if not group[0].starts)
    return sum(
        one + rounds * serving * (_START_SECONDS + server.warm_up) for server in servers
    )


def _warm_up(context):
    """Load until it is warm. For some, a compiler is at work meanwhile."""
    load, deadline = WORKS["unary_1x64"].load, time.monotonic() + context.server.warm_up
    while time.monotonic() < deadline:
        h2load.run(load, context.process.socket, context.directory, load.first)


def _measure(work, context):
    try:
        return work.measure(context)
    except (programs.Failed, OSError) as error:
        return {"error": str(error)}


class Rounds:
    """Runs them and keeps each number: samples[work][server] is a list, an entry a round."""

    def __init__(self, servers, works, seconds, directory):
        self.samples = {work.name: {server.name: [] for server in servers} for work in works}
        self._servers, self._works, self._seconds = servers, works, seconds
        self._directory = pathlib.Path(directory)
        self._calls, self._checked = {}, set()
        # A thousand connections, on both sides; it is inherited.
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def run(self, number):
        turn = number % len(self._servers)
        works = [work for work in self._works if number < work.rounds]
        for server in self._servers[turn:] + self._servers[:turn]:
            begin = time.monotonic()
            for group in _groups(works):
                self._serve(server, group)
            failed = sum("error" in self.samples[w.name][server.name][-1] for w in works)
            note = f", {failed} failed" if failed else ""
            print(f"  {server.name}: {time.monotonic() - begin:.0f} s{note}", flush=True)

    def _serve(self, server, works):
        context = Context(server, None, self._directory, self._seconds, self._calls)
        if works[0].starts:
            for work in works:
                self._keep(work, server, _measure(work, context))
            return
        with Process(server, works[0].cores) as context.process:
            why = self._prepare(context)
            for work in works:
                if not why and context.process.ended():
                    why = f"the server ended: {context.process.log()}"
                self._keep(work, server, {"error": why} if why else _measure(work, context))

    def _prepare(self, context):
        """Why the server cannot be measured, or None."""
        try:
            self._await(context)
            _warm_up(context)
            return None
        except programs.Failed as error:
            return f"{error}\n{context.process.log()}".strip()

    def _await(self, context):
        """Until it answers, and the first time until it answers right. A front may be there before what it
        stands for."""
        while True:
            try:
                if context.server.name in self._checked:
                    programs.client(context.process.socket, "x", "--wait=1s")
                else:
                    programs.check(context.process.socket, self._directory)
                self._checked.add(context.server.name)
                return
            except programs.Failed:
                if context.process.ended() or context.process.age() > PATIENCE:
                    raise

    def _keep(self, work, server, sample):
        if "error" in sample:
            print(f"  {server.name} {work.name}: {sample['error']}", flush=True)
        self.samples[work.name][server.name].append(sample)


def temporary_directory():
    """Short, for a socket's path has 107 bytes."""
    return tempfile.TemporaryDirectory(prefix="bench.")
