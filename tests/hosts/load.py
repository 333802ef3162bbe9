# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Clients of several languages that call through the front, and what became of each call.

    answers = Answers()
    with Load(network, "client", "192.0.2.1:50051", commands, answers) as load:
        ...
    answers.of(begin, end)    # the calls that ended then

Thread safety: Answers from any thread.
"""

import collections
import json
import os
import subprocess
import threading
import time

from programs import end_all  # tests/interop's
from server import PATIENCE, ROOT

CLIENT = ROOT / "bazel-bin/client/client"

# The policy of gRPC's service config. UNAVAILABLE alone, for a method that may be called twice. The last attempt comes 3 s
# after the first (0.2 s, 0.4 s, 0.8 s and 1.6 s between them), when the front has certainly noticed what is wrong with a host.
ATTEMPTS = 5
POLICY = json.dumps({"methodConfig": [{
    "name": [{"service": "udsecho.v1.Echo", "method": "Echo"}],
    "retryPolicy": {"maxAttempts": ATTEMPTS, "initialBackoff": "0.2s", "maxBackoff": "2s", "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"]},
}]})

TEXTS = 100  # messages a run of the client in C++
CPP = {"C++": [], "C++, retries": [f"--retry={POLICY}"]}  # its flags, by what its calls are told by

Call = collections.namedtuple("Call", "work began ms status")


class Answers:
    def __init__(self):
        self._lock = threading.Lock()
        self._calls = []

    def add(self, work, calls):
        with self._lock:
            self._calls += [Call(work, *call) for call in calls]

    def of(self, begin, end):
        with self._lock:
            return [call for call in self._calls if begin <= call.began + call.ms / 1000 < end]


def percentile(calls, which=0.99):
    """In milliseconds; 0 without any call."""
    times = sorted(call.ms for call in calls)
    return times[int(which * (len(times) - 1))] if times else 0


class Load:
    """commands: [(a client's command, its environment)]; each gets the address and the policy for arguments."""

    def __init__(self, network, host, address, commands, answers):
        self._network, self._host, self._address, self._answers = network, host, address, answers
        self._commands = commands
        self._stop = threading.Event()
        self._processes, self._threads = [], []
        self.faults = []

    def __enter__(self):
        for command, environment in self._commands:
            process = self._start([*command, self._address, POLICY], env={**os.environ, **environment})
            self._processes.append(process)
            self._threads.append(threading.Thread(target=self._read, args=(process,)))
        for work, flags in CPP.items():
            self._threads.append(threading.Thread(target=self._call_in_cpp, args=(work, flags)))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self.faults += end_all(self._processes, PATIENCE)
        for thread in self._threads:
            thread.join()

    def _start(self, command, **options):
        return subprocess.Popen(self._network.within(self._host, command), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, text=True, **options)

    def _read(self, process):
        for line in process.stdout:
            line = json.loads(line)
            self._answers.add(line["work"], line["calls"])

    def _call_in_cpp(self, work, flags):
        """Our own client, again and again, a connection each."""
        while not self._stop.is_set():
            process = self._start([CLIENT, self._address, "hi", f"--count={TEXTS}", "--interval=10ms", "--json",
                                   "--timeout=10s", "--wait=10s", *flags], stderr=subprocess.DEVNULL)
            for line in process.stdout:
                reply = json.loads(line)
                if "seq" in reply:
                    ms, status = reply["round_trip_us"] / 1000, reply["status"]["name"]
                    if status == "OK" and reply["message"] != "hi":
                        status = "WRONG"
                    self._answers.add(work, [(time.monotonic() - ms / 1000, ms, status)])
            # 3: it has not connected. Codes above are those of calls, which are counted.
            if process.wait() == 3:
                self._answers.add(work, [(time.monotonic(), 0, "no connection")])
