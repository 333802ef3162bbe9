# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""A host: the server on its Unix socket, and a proxy before it that the network reaches.

    host = Host(network, "a", "192.0.2.11", NGINX, folder)
    host.start()
    host.stop_server()      # SIGTERM; its exit code
    host.start_server()
    host.kill()             # SIGKILL to all
    host.stop()

Server and proxy are two users, with a group in common that may connect: --mode=0660.
"""

import json
import os
import shutil
import signal
import subprocess
import time

from server import PATIENCE  # tests/interop's

SERVER_UID, PROXY_UID, GROUP = 20011, 20012, 20013
PORT, TLS_PORT = 50051, 50443


def until(what, happens):
    """Waits until it happens. What it gave then."""
    deadline = time.monotonic() + PATIENCE
    while not (result := happens()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen in {PATIENCE} s")
        time.sleep(0.01)
    return result


def folder_of(uid, path):
    path.mkdir(mode=0o755)
    os.chown(path, uid, GROUP)
    return path


class Program:
    """A program on a host, and what it starts. What it says goes to a file."""

    def __init__(self, network, name, command, uid, folder):
        self.log = folder / "log"
        self._file = self.log.open("ab")
        self._since = self.log.stat().st_size
        self._process = subprocess.Popen(
            network.within(name, command, uid, GROUP), stdin=subprocess.DEVNULL, stdout=self._file, stderr=self._file,
            start_new_session=True, cwd="/", env={"PATH": os.environ["PATH"], "HOME": str(folder)})

    def said(self):
        with self.log.open(encoding="utf-8", errors="replace") as file:
            file.seek(self._since)
            return file.read()

    def running(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"it ended with exit code {self._process.returncode}:\n{self.said()}")
        return True

    def tell(self, number):
        self._process.send_signal(number)

    def wait(self):
        code = self._process.wait(PATIENCE)
        self._file.close()
        return code

    def kill(self):
        os.killpg(self._process.pid, signal.SIGKILL)
        return self.wait()


class Host:
    """change: what the test changes in the proxy's configuration. flags: more flags of the server."""

    def __init__(self, network, name, address, proxy, folder, change=lambda text: text, flags=()):
        self.name, self.address, self.proxy = name, address, proxy
        self._network, self._flags, self._program = network, flags, folder / "server"
        folder = folder / name
        folder.mkdir(mode=0o755)
        self._run, self._proxy_folder = folder_of(SERVER_UID, folder / "run"), folder_of(PROXY_UID, folder / "proxy")
        self.tls = shutil.copytree(folder.parent / "tls", folder / "etc")
        self._command = proxy.write(folder, change)
        self.access_log = self._run / "access"
        self.server = self.front = None
        network.add(name, address)

    def start(self):
        self.start_server()
        self.start_proxy()

    def start_server(self):
        command = [self._program, self._run / "sock", "--mode=0660", f"--group={GROUP}", "--log_format=json",
                   f"--access_log={self.access_log}", *self._flags]
        self.server = Program(self._network, self.name, command, SERVER_UID, self._run)
        until("service_started", lambda: self.server.running() and any(
            json.loads(line)["event"] == "service_started" for line in self.server.said().splitlines(keepends=True)
            if line.endswith("\n")))

    def start_proxy(self):
        self.front = Program(self._network, self.name, self._command, PROXY_UID, self._proxy_folder)
        sockets = self._network.within(self.name, ["ss", "-Hltn", "sport", "=", f":{PORT}"])
        until(f"{self.proxy.name} listening", lambda: self.front.running() and subprocess.run(
            sockets, check=True, capture_output=True).stdout)

    def stop_server(self):
        self.server.tell(signal.SIGTERM)
        return self.server.wait()

    def stop_proxy(self):
        self.front.tell(self.proxy.drain)
        return self.front.wait()

    def kill_server(self):
        self.server.kill()

    def kill(self):
        self.server.kill()
        self.front.kill()

    def stop(self):
        """The server's exit code."""
        self.front.kill()
        return self.stop_server()
