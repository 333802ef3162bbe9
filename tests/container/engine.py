# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Podman, with images and containers of its own that are gone when the block is left.

    with Engine() as engine:
        engine.build(containerfile, stages={"build": folder}, tag="udsecho")
        engine.start("server", [*flags, "udsecho", "/run/udsecho/sock"])
        code, output, seconds = engine.exec("server", ["/usr/bin/udsecho", "/run/udsecho/sock", "--health"])
"""

import json
import pathlib
import resource
import shutil
import subprocess
import tempfile
import time

# Generous: it only costs time when a check fails anyway.
PATIENCE = 60  # seconds


def lacking():
    """Why there can be no containers here, or None."""
    for program in ("podman", "runc"):
        if not shutil.which(program):
            return f"there is no {program} on the PATH: tools/setup --dev installs it"
    return None


def _limits():
    """Podman's own choice is more than this process has, which not every root may give."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return [f"--ulimit=nofile={soft}:{hard}", "--ulimit=nproc=4096:4096"]


# Its timers need a systemd. The check itself can be run.
_NO_TIMER = "--health-interval=disable"


class Engine:
    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="udsecho."))
        # runc, as crun takes no part of the machine's cgroups for version 2 and another for version 1.
        self._podman = [
            "podman", f"--root={self.folder}/root", f"--runroot={self.folder}/run", f"--tmpdir={self.folder}/tmp",
            "--runtime=runc", "--cgroup-manager=cgroupfs", "--storage-driver=vfs",
        ]
        return self

    def __exit__(self, *_):
        self._run("rm", "--all", "--force", "--time=0")
        self._run("rmi", "--all", "--force")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *arguments, seconds=PATIENCE):
        """(exit code, standard output and error, how long it took); 124 when it took too long."""
        start = time.monotonic()
        try:
            done = subprocess.run([*self._podman, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace", timeout=seconds, check=False)
        except subprocess.TimeoutExpired as late:
            return 124, f"no end after {seconds} s: {late.stdout}", seconds
        return done.returncode, done.stdout, time.monotonic() - start

    def must(self, *arguments, seconds=PATIENCE):
        code, output, _ = self._run(*arguments, seconds=seconds)
        if code:
            raise RuntimeError(f"podman {' '.join(map(str, arguments))}: exit code {code}\n{output}")
        return output.strip()

    def build(self, containerfile, stages, tag):
        """`stages`: folders that take the place of the stages of these names."""
        contexts = [f"--build-context={name}={folder}" for name, folder in stages.items()]
        empty = self.folder / "context"
        empty.mkdir()
        # As Docker's images: others have no HEALTHCHECK.
        self.must("build", "--format=docker", "--layers=false", *contexts, *_limits(), f"--file={containerfile}",
                  f"--tag={tag}", empty)

    def start(self, name, arguments):
        self.must("run", "--detach", f"--name={name}", _NO_TIMER, *_limits(), *arguments)

    def run(self, arguments, seconds=PATIENCE):
        """To its end: as _run()."""
        return self._run("run", "--rm", _NO_TIMER, *_limits(), *arguments, seconds=seconds)

    def talk(self, arguments):
        return _Talk([*self._podman, "run", "--rm", "--interactive", _NO_TIMER, *_limits(), *map(str, arguments)])

    def exec(self, name, command):
        return self._run("exec", name, *command)

    def health(self, name):
        """What the image's HEALTHCHECK says: its exit code."""
        return self._run("healthcheck", "run", name)[0]

    def signal(self, name, what):
        self.must("kill", f"--signal={what}", name)

    def wait(self, name):
        """The exit code."""
        return int(self.must("wait", name))

    def again(self, name):
        self.must("start", name)

    def remove(self, name):
        self.must("rm", "--force", "--time=0", name)

    def log(self, name):
        return self.must("logs", name)

    def state(self, name):
        return json.loads(self.must("inspect", name))[0]["State"]

    def status(self, name):
        """proc(5)'s `status` of the container's first process, by field."""
        text = pathlib.Path(f"/proc/{self.state(name)['Pid']}/status").read_text(encoding="utf-8")
        return dict(line.split(":\t", 1) for line in text.splitlines())


class _Talk:
    """A program that is told a line at a time, and that its input has ended when the block is left."""

    def __init__(self, command):
        self._command = command

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL, text=True)
        return self

    def send(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def __exit__(self, *_):
        try:
            self.output, _ = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self.output, _ = self._process.communicate()
        self.exit_code = self._process.returncode
