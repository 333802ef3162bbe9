# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Honest clients of three languages, and perhaps attackers of two uids.

    answers = Answers()
    with Load(path, answers, programs, attacks=1):
        ...                          # they call, and attack
    print(answers.p99())

Thread safety: Answers from any thread.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

from programs import end_all  # tests/interop's
from server import PATIENCE, ROOT

ATTACKERS = (20002, 20003)  # uids
CLIENT = ROOT / "bazel-bin/client/client"
PATIENT = {"go unary", "python unary", "c++ unary"}  # works whose times are judged
TEXTS = 100  # messages a run of the client in C++

Loss = collections.namedtuple("Loss", "work since at what")


class Answers:
    """What the honest clients say."""

    def __init__(self):
        self._lock = threading.Lock()
        self.count = collections.Counter()  # by work
        self.lost, self.wrong = [], []
        self.attacks = collections.Counter()
        self.times = []  # (when told, milliseconds) of the works that are judged

    def take(self, line):
        with self._lock:
            if "attack" in line:
                self.attacks[line["attack"]] += line["closed"]
                return
            work = line["work"]
            for kind, sink in (("lost", self.lost), ("wrong", self.wrong)):
                if kind in line:
                    sink.append(Loss(work, line["since"], line["at"], line[kind]))
            self.count[work] += len(line.get("ms", ()))
            if work in PATIENT:
                self.times += [(line["at"], ms) for ms in line.get("ms", ())]

    def percentile(self, begin, end, which=0.99):
        """Of the answers of that time, in milliseconds; None without any."""
        with self._lock:
            times = sorted(ms for at, ms in self.times if begin <= at < end)
        return times[int(which * (len(times) - 1))] if times else None


class Load:
    def __init__(self, path, answers, commands, attacks=None, cpp=None):
        """attacks: the seed of their order; without one there are none. cpp: flags of our own client, for each of its works."""
        self._path, self._answers, self._commands, self._attacks = str(path), answers, commands, attacks
        self._processes, self._threads = [], []
        self._cpp = cpp or {shape: () for shape in ("unary", "chat", "expand")}
        self._stop = threading.Event()
        self.faults = []

    def __enter__(self):
        for command, environment in self._commands:
            self._run([*command, self._path], env={**os.environ, **environment})
        self._threads.append(threading.Thread(target=self._call_in_cpp))
        if self._attacks is not None:
            self._attack()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self.faults += end_all(self._processes, PATIENCE)
        for thread in self._threads:
            thread.join()

    def _attack(self):
        source = pathlib.Path(__file__).with_name("attacker.py").read_text()
        for number, uid in enumerate(ATTACKERS):
            self._run([sys.executable, "-c", source, self._path, str(self._attacks + number)],
                      user=uid, group=uid, extra_groups=[], cwd="/")

    def _run(self, command, **options):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **options)
        self._processes.append(process)
        self._threads.append(threading.Thread(target=self._read, args=(process,)))

    def _read(self, process):
        for line in process.stdout:
            self._answers.take(json.loads(line))

    def _call_in_cpp(self):
        """Our own client, again and again: a connection each, and each message by another method."""
        number = 0
        while not self._stop.is_set():
            number += 1
            shape, flags = list(self._cpp.items())[number % len(self._cpp)]
            text, since = f"c++-{number}", time.monotonic()
            done = subprocess.run(
                [CLIENT, self._path, text, f"--shape={shape}", f"--count={TEXTS}", "--interval=3ms", "--json",
                 "--wait=30s", "--timeout=30s", *flags],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            replies = [line for line in lines if "message" in line]
            line = {"work": f"c++ {shape}", "at": time.monotonic(), "since": since}
            if done.returncode:
                line["lost"] = f"exit code {done.returncode}: {done.stderr}"
            elif [reply["message"] for reply in replies] != [text] * TEXTS:
                line["wrong"] = f"{len(replies)} replies, {done.stdout[:500]}"
            line["ms"] = [reply["round_trip_us"] / 1000 for reply in replies if "round_trip_us" in reply]
            self._answers.take(line)
