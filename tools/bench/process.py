# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""A server's processes, and what the kernel says they cost.

    with Process(server, cores="0") as process:
        before = process.cpu()
        load(process.socket)
        print(process.cpu_since(before))

The whole tree counts: a front's server behind it and a master's workers too.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from programs import Failed

PATIENCE = 60  # seconds, for a server to come and to go


def tree(root):
    """The process and all that descend from it."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = pathlib.Path("/proc", entry, "stat").read_text(errors="replace")
            except OSError:
                continue  # it ended
            # The name before may hold spaces and brackets.
            parent = int(stat.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu_clock(pid):
    """The nanoseconds that a process has run for. No tool's, for /proc/PID/stat counts in 10 ms: the
    clock's number is made as clock_getcpuclockid(3) makes it."""
    return time.clock_gettime_ns((~pid << 3) | 2)


class Process:
    """Serves when the block is entered, and is gone when it is left."""

    def __init__(self, server, cores=None):
        self.server = server
        self._pin = ["taskset", "-c", cores] if cores else []

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="bench."))
        self.socket = self.directory / "sock"
        self._begin = time.monotonic()
        with (self.directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*self._pin, *self.server.command(self.socket)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )
        return self

    def __exit__(self, *_):
        pids = tree(self._process.pid)
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            pass
        for pid in pids:  # what the script left behind, if anything
            try:
                if pid != self._process.pid or self._process.poll() is None:
                    os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._process.wait()
        shutil.rmtree(self.directory)

    def age(self):
        """Seconds since it was started."""
        return time.monotonic() - self._begin

    def ended(self):
        return self._process.poll() is not None

    def log(self):
        """The end of what it said."""
        return (self.directory / "log").read_text(errors="replace")[-2000:]

    def cpu(self):
        """The clock of each of its processes, for cpu_since."""
        return {pid: cpu_clock(pid) for pid in tree(self._process.pid)}

    def cpu_since(self, before):
        """Nanoseconds, of all of them. What one that has ended used since is not known."""
        after = self.cpu()
        if ended := before.keys() - after.keys():
            raise Failed(f"of the server's processes {len(ended)} ended meanwhile")
        return sum(after.values()) - sum(before.values())

    def memory(self):
        """Bytes: each process's share of what it has resident, summed (PSS)."""
        rollups = [
            pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            for pid in tree(self._process.pid)
        ]
        return sum(int(re.search(r"^Pss: +(\d+) kB", text, re.M)[1]) * 1024 for text in rollups)

    def context_switches(self):
        """Of all its threads, wanted or not: a thread that sleeps on has none, and one that wakes has one
        when it sleeps again."""
        statuses = [
            path.read_text() for pid in tree(self._process.pid)
            for path in pathlib.Path(f"/proc/{pid}/task").glob("*/status")
        ]
        pattern = r"^(?:non)?voluntary_ctxt_switches:\s+(\d+)"
        return sum(int(count) for text in statuses for count in re.findall(pattern, text, re.M))
