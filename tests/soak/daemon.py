# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""The server that is soaked, which restarts, and what it takes of the machine.

    with Daemon() as daemon:      # serves
        daemon.succeed()          # a drain, and a successor on the same path
        daemon.kill()             # SIGKILL, and a restart
        print(daemon.usage())
    assert daemon.exit_code == 0
"""

import collections
import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from server import PATIENCE, ROOT  # tests/interop's

SERVER = ROOT / "bazel-bin/server/server"
IN_USE = 3  # its exit code when the address cannot be had
CUT_OFF = 4  # and when calls were cut off at the end of the grace

# So low that attackers meet them, and so high that two uids of theirs leave room for the honest one.
LIMITS = (
    "--mode=0666", "--shards=2", "--grace=5s",
    "--max_connections=160", "--max_connections_per_uid=40", "--max_silent_connections=60",
    "--handshake_timeout=1s", "--send_timeout=1500ms", "--max_connection_idle=10s", "--max_connection_age=20s",
    "--max_connection_age_grace=5s", "--max_calls=1000", "--max_calls_per_uid=300", "--max_memory=128MiB",
)

Usage = collections.namedtuple("Usage", "resident descriptors threads cpu")


class Daemon:
    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="udsecho."))
        self.directory.chmod(0o755)  # attackers come in too
        self.path = self.directory / "sock"
        self.log = collections.deque(maxlen=50)
        self.faults = []  # what a restart should not have been like
        self._draining = []
        self._start()
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        self.exit_code = self._wait(self._process)
        self.reap()
        shutil.rmtree(self.directory)

    def _start(self):
        """Until it serves. Another one that still lets go of the path is waited for."""
        deadline = time.monotonic() + PATIENCE
        while True:
            process = subprocess.Popen(
                [SERVER, self.path, "--log_format=json", *LIMITS], stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True)
            said = []
            for line in process.stderr:
                said.append(line)
                if json.loads(line)["event"] == "service_started":
                    threading.Thread(target=self.log.extend, args=(process.stderr,), daemon=True).start()
                    self._process = process
                    return
            process.wait()
            if process.returncode != IN_USE or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start: exit code {process.returncode}\n{''.join(said)}")
            time.sleep(0.01)

    def _wait(self, process):
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def succeed(self):
        """Drains it, and starts a successor meanwhile. The time within which a client that does not wait finds none."""
        begin, old = time.monotonic(), self._process
        old.send_signal(signal.SIGTERM)
        self._draining.append(old)
        self._start()
        return begin, time.monotonic() + 1

    def kill(self):
        """The time within which calls may be lost."""
        begin = time.monotonic()
        self._process.kill()
        self._process.wait()
        self._start()
        return begin, time.monotonic() + 1

    def reap(self):
        """Waits for those that drain."""
        while self._draining:
            code = self._wait(self._draining.pop())
            if code not in (0, CUT_OFF):
                self.faults.append(f"a drain ended with exit code {code}")

    def alive(self):
        return self._process.poll() is None

    def usage(self):
        """None when it is not there."""
        folder = pathlib.Path(f"/proc/{self._process.pid}")
        try:
            status = (folder / "status").read_text()
            fields = dict(line.split(":\t", 1) for line in status.splitlines())
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            return Usage(
                int(fields["VmRSS"].split()[0]) * 1024, len(list((folder / "fd").iterdir())),
                int(fields["Threads"]), (int(stat[11]) + int(stat[12])) / 100)
        except (OSError, KeyError):
            return None
