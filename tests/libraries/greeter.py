# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""A copy of examples/greeter outside this tree, and how it is run and called."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS = 300  # for a command, on a machine that is busy
# Where tools/setup --dev puts programs, too.
TOOLS_PATH = f"{os.environ.get('XDG_DATA_HOME') or os.path.expanduser('~/.local/share')}/udsecho/bin:{os.environ['PATH']}"


def run(*command, timeout=SECONDS, **kwargs):
    """Runs a command to its end and returns it, with its output as one text."""
    return subprocess.run(
        [str(word) for word in command],
        check=False,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=timeout,
        **kwargs,
    )


def bazel_bin():
    """Where this tree's own programs are, once they are built."""
    result = subprocess.run(
        ["bazel", "info", "bazel-bin"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=SECONDS
    )
    return pathlib.Path(result.stdout.strip())


def short_folder(test):
    """A folder for the test, whose path is short, for sockets in it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="u"))
    test.addCleanup(shutil.rmtree, folder)
    return folder


class GreeterTest(unittest.TestCase):
    """A test with a copy of examples/greeter, or of another folder, away from this tree."""

    source = "examples/greeter"

    def setUp(self):
        super().setUp()
        self.folder = short_folder(self)
        self.home = self.folder / "home"
        self.copy_in(self.source)

    def copy_in(self, source):
        """Puts the files of a folder there, but for what was built in it."""
        built = shutil.ignore_patterns("bazel-*", "build")
        shutil.copytree(ROOT / source, self.home, ignore=built, dirs_exist_ok=True)

    def succeed(self, *command, **kwargs):
        """Runs a command that has to succeed, and returns its output."""
        result = run(*command, **kwargs)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout

    def assert_answers(self, address):
        """Calls a greeter, once it listens."""
        client = bazel_bin() / "client/client"
        reply = self.succeed(client, address, "--wait=60s", "--call=Hello", "-d", '{"name":"Ada"}')
        self.assertEqual(reply, f'{{"text":"Hello Ada, uid {os.getuid()}"}}\n')

    def assert_greets(self, program, *arguments):
        """Runs it, calls it and stops it."""
        address = self.folder / "s"
        with subprocess.Popen([program, address, *arguments]) as server:
            try:
                self.assert_answers(address)
                server.send_signal(signal.SIGTERM)
                self.assertEqual(server.wait(SECONDS), 0)
            finally:
                server.kill()
