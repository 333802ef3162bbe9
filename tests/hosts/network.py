# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""A network of this process's own: a switch with a host at each of its ports, and each host a network namespace.

    enclose()                        # starts this program again, in namespaces that end with it
    with Network() as network:
        network.add("a", "192.0.2.11")
        subprocess.Popen(network.within("a", ["nginx"]))
        network.cut("a")             # as if its cable were pulled: nobody is told
        network.mend("a")

It needs root, and what `lacking` looks for.
"""

import os
import subprocess
import sys

from programs import missing  # tests/interop's

PREFIX = 24


def lacking():
    """What a network cannot be made without, or None."""
    if os.geteuid() != 0:
        return "it needs root, to make network namespaces"
    if program := missing("unshare", "nsenter", "ip", "ss", "openssl"):
        return f"there is no {program} on the PATH"
    try:
        subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "ip", "link", "add", "br0", "type", "bridge"],
                       check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        return f"a network namespace with a bridge cannot be made here: {error.stderr.strip()}"
    return None


def enclose(program, arguments):
    """Runs a program of Python's in namespaces of its own, which end with it and with all that it has started. Its exit
    code."""
    return subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, program, *arguments],
        check=False,
    ).returncode


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Network:
    """Within `enclose` only. The switch is in no host's namespace, and has no address."""

    def __enter__(self):
        self._names = []
        # The names of namespaces are files there, and these are for nobody else to see.
        os.makedirs("/run/netns", exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run/netns"], check=True)
        ip("link", "add", "switch", "type", "bridge")
        ip("link", "set", "switch", "up")
        return self

    def __exit__(self, *_):
        """Whatever still runs on a host is without a network then."""
        for name in self._names:
            ip("link", "delete", f"to-{name}")
            ip("netns", "delete", name)
        ip("link", "delete", "switch")
        # `ip netns` has mounted it once more, to share it.
        while os.path.ismount("/run/netns"):
            subprocess.run(["umount", "/run/netns"], check=True)

    def add(self, name, address):
        ip("netns", "add", name)
        self._names.append(name)
        ip("link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("link", "set", f"to-{name}", "master", "switch", "up")
        ip("-n", name, "address", "add", f"{address}/{PREFIX}", "dev", "eth0")
        ip("-n", name, "link", "set", "eth0", "up")
        ip("-n", name, "link", "set", "lo", "up")

    @staticmethod
    def within(name, command, uid=0, gid=0):
        """The command that runs another one on a host, as that user with that group alone."""
        return ["nsenter", f"--net=/run/netns/{name}", f"--setuid={uid}", f"--setgid={gid}", "--", *map(str, command)]

    @staticmethod
    def cut(name):
        ip("link", "set", f"to-{name}", "down")

    @staticmethod
    def mend(name):
        ip("link", "set", f"to-{name}", "up")
