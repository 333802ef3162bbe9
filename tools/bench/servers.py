# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Who is measured. A row here is all that a further server needs.

A peer NAME is built by `tools/bench/build NAME` and started by `tools/bench/peers/NAME/start SOCKET`.
"""

import dataclasses
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "tools/bench/peers"
OURS, OURS_SHARDED = "udsecho", "udsecho_shards2"


@dataclasses.dataclass(frozen=True)
class Server:
    name: str
    title: str
    # What comes before the socket's path and after it. A peer is started by its script.
    flags: tuple = ()
    ours: bool = False
    # Compared with in the goals. The others are there to learn from.
    peer: bool = True
    # Seconds of load before anything is measured: compilers at run time want some.
    warm_up: float = 0.5

    def command(self, socket):
        if self.ours:
            return [str(ROOT / "bazel-bin/server/server"), str(socket), *self.flags]
        return [str(PEERS / self.name / "start"), str(socket)]


# As in production: a line a message is for those who watch.
_FLAGS = ("--log_level=warn",)


def _ours(name, title, *flags):
    return Server(name, title, flags=(*_FLAGS, *flags), ours=True, peer=False)


SERVERS = {server.name: server for server in (
    _ours(OURS, "udsecho"),
    _ours(OURS_SHARDED, "udsecho, 2 shards", "--shards=2"),
    Server("nghttp2_bare", "bare echo on nghttp2", peer=False),
    Server("cpp_callback", "C++ callback, health and reflection"),
    Server("cpp_callback_bare", "C++ callback"),
    Server("cpp_callback_tuned", "C++ callback, tuned"),
    Server("cpp_sync", "C++ sync"),
    Server("cpp_queue", "C++ completion queue by hand", peer=False),
    Server("go", "grpc-go"),
    Server("go_tuned", "grpc-go, tuned"),
    Server("tonic1", "tonic, 1 worker"),
    Server("tonic2", "tonic, 2 workers"),
    Server("java", "grpc-java", warm_up=5),
    Server("node", "grpc-js", warm_up=2),
    Server("python", "grpc.aio (Python)", warm_up=1),
    Server("nginx", "nginx before udsecho"),
)}
