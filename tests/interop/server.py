# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""The server, running in a short directory of its own, and a way in for those who only know TCP.

    with Server() as server:
        run(["grpcurl", "-plaintext", "-unix", server.path, "list"])
        with Relay(server.path) as relay:
            run(["h2spec", "-p", str(relay.port)])
    assert server.exit_code == 0
"""

import json
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Generous: it only costs time when a check fails anyway.
PATIENCE = 60  # seconds


class Server:
    """Serves when the block is entered; asked to stop when it is left, and must then stop by itself."""

    def __init__(self, *flags):
        self._flags = flags

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="udsecho."))
        self.path = self.directory / "sock"
        self._log = (self.directory / "log").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [ROOT / "bazel-bin/server/server", self.path, "--log_format=json", *self._flags],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for line in self._process.stderr:
            self._log.write(line)
            if json.loads(line)["event"] == "service_started":
                break
        else:
            self._log.seek(0)
            raise RuntimeError(f"the server did not start:\n{self._log.read()}")
        # What else it says must be read, or it stands still once the pipe is full.
        self._reader = threading.Thread(
            target=shutil.copyfileobj, args=(self._process.stderr, self._log), daemon=True
        )
        self._reader.start()
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        try:
            self.exit_code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self.exit_code = self._process.wait()
        self._reader.join()
        self._log.close()
        shutil.rmtree(self.directory)


class Relay:
    """Hands each connection to a port of the loopback interface on to a Unix socket.

    `gather`: what a client sends is handed on once no more has come for so many seconds. So the server
    sees at once what the client wrote piece by piece, and does not answer in between.
    """

    def __init__(self, path, gather=0):
        self._path = str(path)
        self._gather = gather

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._path)
            for source, sink, gather in ((client, server, self._gather), (server, client, 0)):
                threading.Thread(target=self._pump, args=(source, sink, gather), daemon=True).start()

    @staticmethod
    def _pump(source, sink, gather):
        try:
            while data := source.recv(1 << 16):
                while gather and select.select([source], [], [], gather)[0]:
                    if not (more := source.recv(1 << 16)):
                        break
                    data += more
                sink.sendall(data)
        except OSError:
            pass  # one side is gone, and the other is told so
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
