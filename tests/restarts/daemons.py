# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""A server that is followed by another one on the same path, in the three ways in which no call is lost.

    with Takeover() as daemon:    # serves
        daemon.restart()          # another one serves; the one before drains
    assert not daemon.faults

Thread safety: none.
"""

import ctypes
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from server import PATIENCE, ROOT  # tests/interop's

SERVER = ROOT / "bazel-bin/server/server"
FLAGS = ("--mode=0666", "--grace=20s", "--log_format=json")
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h

# As a service manager does once it has forked: the socket becomes number 3, the first of sd_listen_fds(3).
AS_MANAGER = ("/bin/sh", "-c", 'fd=$1; shift; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@" 3<&"$fd"', "sh")


class Daemon:
    """Servers in turn. `faults`: what was not as it should be."""

    way = ""

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="udsecho."))
        self.directory.chmod(0o755)
        self.path = self.directory / "sock"
        self.faults, self.restarts = [], 0
        self._started = queue.Queue()  # pids
        self._processes = {}  # by pid, those that this program started
        # A server that another one has started is this process's to wait for once that one has ended.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
        self.prepare()
        self.pid = self.begin()
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGTERM)
        self.expect_clean_end(self.pid)
        self.finish()
        left = sorted(file.name for file in self.directory.iterdir())
        if left:
            self.faults.append(f"left behind: {left}")
        shutil.rmtree(self.directory)

    def prepare(self):
        pass

    def finish(self):
        pass

    def run(self, *command, **options):
        """Starts it, and reads its log, and that of those which it starts."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)
        threading.Thread(target=self._read, args=(process.stderr,), daemon=True).start()
        self._processes[process.pid] = process

    def _read(self, log):
        for line in log:
            event = json.loads(line)
            if event["event"] == "service_started":
                self._started.put(event["fields"]["pid"])
            elif event["level"] in ("warn", "error"):
                self.faults.append(line)

    def begin(self):
        self.run(*self.command())
        return self.next_pid()

    def next_pid(self):
        return self._started.get(timeout=PATIENCE)

    def command(self):
        return [str(SERVER), str(self.path), *FLAGS]

    def expect_clean_end(self, pid):
        if process := self._processes.pop(pid, None):
            code = process.wait(PATIENCE)
        else:
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code:
            self.faults.append(f"{self.way}: a server ended with {code}")

    def restart(self):
        """Until the next one serves, and the one before has ended."""
        before = self.pid
        self.pid = self.follow()
        self.expect_clean_end(before)
        self.restarts += 1


class Takeover(Daemon):
    """The new server takes the path, by which the old one knows that it has to go."""

    way = "takeover"

    def follow(self):
        self.run(*self.command(), "--takeover")
        return self.next_pid()


class Reexecution(Daemon):
    """SIGUSR2: the old server starts the new one."""

    way = "re-execution"

    def follow(self):
        os.kill(self.pid, signal.SIGUSR2)
        return self.next_pid()


class Activation(Daemon):
    """A service manager has the socket. It starts a server once the one before has ended; who comes meanwhile waits."""

    way = "socket activation"

    def prepare(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(self.path))
        self.path.chmod(0o666)
        self.socket.listen(4096)

    def finish(self):
        self.socket.close()
        self.path.unlink()

    def begin(self):
        descriptor = self.socket.fileno()
        self.run(*AS_MANAGER, str(descriptor), str(SERVER), *FLAGS[1:], pass_fds=[descriptor])
        return self.next_pid()

    def restart(self):
        os.kill(self.pid, signal.SIGTERM)
        self.expect_clean_end(self.pid)
        self.pid = self.begin()
        self.restarts += 1


class ActivatedReexecution(Activation):
    """SIGUSR2 to a server whose socket a service manager has: it hands it on."""

    way = "re-execution with a manager's socket"

    def restart(self):
        before = self.pid
        os.kill(before, signal.SIGUSR2)
        self.pid = self.next_pid()
        self.expect_clean_end(before)
        self.restarts += 1


WAYS = (Activation, Takeover, Reexecution, ActivatedReexecution)
