# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""The whole site: a network with the front, three hosts and a place for clients."""

import contextlib
import pathlib
import shutil
import tempfile

import tls
from front import Front
from host import Host
from server import ROOT  # tests/interop's

CLIENTS = "client"  # the host with the clients
CLIENTS_ADDRESS = "192.0.2.100"
NAMES = ("a", "b", "c")  # those of front.cfg


def address(number):
    return f"192.0.2.{11 + number}"


@contextlib.contextmanager
def folder():
    """A short one, for the sockets in it, with what all hosts need."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="udsecho."))
    try:
        path.chmod(0o755)
        (path / "tls").mkdir()
        tls.make(path / "tls")
        # There, other users can run it.
        shutil.copy(ROOT / "bazel-bin/server/server", path / "server")
        yield path
    finally:
        shutil.rmtree(path)


class Site:
    """change: what the test changes in the front's configuration. faults: what went wrong that is nobody's call."""

    def __init__(self, network, path, proxies, change=lambda text: text):
        self.network = network
        self.network.add(CLIENTS, CLIENTS_ADDRESS)
        self.hosts = [Host(self.network, name, address(number), proxy, path)
                      for number, (name, proxy) in enumerate(zip(NAMES, proxies))]
        self.front = Front(self.network, path, change)
        self.faults = []

    def start(self):
        for host in self.hosts:
            host.start()
        self.front.start()
        self.await_up()

    def stop(self):
        self.front.stop()
        for host in self.hosts:
            host.stop()

    def await_up(self):
        for host in self.hosts:
            self.front.await_status(host.name, "UP")

    def expect_stopped(self, host):
        if code := host.stop_server():
            self.faults.append(f"the server of {host.name} ended with exit code {code}")
