# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""HAProxy as the front of all hosts, and its admin socket.

    front = Front(network, folder)
    front.start()
    front.set_state("a", "drain")
    front.await_status("a", "UP")
"""

import csv
import socket
import time

from host import PORT, PROXY_UID, Program, folder_of, until
from proxies import FRONT
from server import PATIENCE  # tests/interop's

QUIET = 0.5  # seconds
ADDRESS = "192.0.2.1"


class Front:
    def __init__(self, network, folder, change=lambda text: text):
        self._network = network
        folder = folder / "front"
        folder.mkdir(mode=0o755)
        self._proxy_folder = folder_of(PROXY_UID, folder / "proxy")
        self._command = FRONT.write(folder, change)
        network.add("front", ADDRESS)

    def start(self):
        self._program = Program(self._network, "front", self._command, PROXY_UID, self._proxy_folder)
        until("the front listening", lambda: self._program.running() and (self._proxy_folder / "admin.sock").exists())

    def _ask(self, command):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(self._proxy_folder / "admin.sock"))
            connection.sendall(f"{command}\n".encode())
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(1 << 16), b"")).decode()

    def set_state(self, name, state):
        """ready, drain or maint."""
        if answer := self._ask(f"set server hosts/{name} state {state}").strip():
            raise RuntimeError(answer)

    def statistics(self, name):
        lines = self._ask("show stat").removeprefix("# ").splitlines()
        return next(row for row in csv.DictReader(lines) if row["pxname"] == "hosts" and row["svname"] == name)

    def await_status(self, name, status):
        until(f"{name} being {status} for the front", lambda: self.statistics(name)["status"] == status)

    def await_idle(self, name):
        """Until it has had no calls for QUIET: one that was on its way to it may not be counted yet."""
        since = time.monotonic()

        def idle():
            nonlocal since
            if self.statistics(name)["scur"] != "0":
                since = time.monotonic()
            return time.monotonic() > since + QUIET

        until(f"{name} having no calls", idle)

    def stop(self):
        self._program.kill()

    @property
    def address(self):
        return f"{ADDRESS}:{PORT}"
