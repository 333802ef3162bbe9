# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import h2load
import programs
import wire
from process import Process, tree
from servers import ROOT, Server


def server(*flags):
    return Server("udsecho", "udsecho", flags=("--log_level=warn", *flags), ours=True)


class ProcessTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run(["bazel", "build", "//server", "//client"], cwd=ROOT, check=True,
                       stdin=subprocess.DEVNULL, capture_output=True)
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.directory = pathlib.Path(directory.name)

    def wait_for(self, process):
        programs.client(process.socket, "x", "--wait=60s")

    def test_work_costs_cpu_and_connections_cost_memory(self):
        with Process(server()) as process:
            self.wait_for(process)
            # Before any work: memory that this took is given back at a time of the server's choosing.
            before, memory = process.cpu(), process.memory()
            with wire.idle_connections(process.socket, 200):
                self.assertGreater(process.memory(), memory)
            programs.check(process.socket, self.directory)
            self.assertGreater(process.cpu_since(before), 0)
            self.assertGreater(process.context_switches(), 0)

    def test_it_is_gone_at_the_end(self):
        with Process(server()) as process:
            self.wait_for(process)
        self.assertTrue(process.ended())
        self.assertFalse(process.directory.exists())

    def test_a_process_tree_has_children(self):
        with subprocess.Popen(["sleep", "60"]) as child:
            self.assertIn(child.pid, tree(os.getpid()))
            child.kill()

    def test_wrong_answers_are_not_measured(self):
        with Process(server("--reply=something else")) as process:
            self.wait_for(process)
            with self.assertRaisesRegex(programs.Failed, "was answered"):
                programs.check(process.socket, self.directory)

    def test_answers_of_another_length_fail_a_run(self):
        if not shutil.which("h2load"):
            self.skipTest("there is no h2load on the PATH")
        load = h2load.Load("Echo", wire.echo(), len(wire.echo()), 1, 1, first=10)
        with Process(server("--reply=something else")) as process:
            self.wait_for(process)
            with self.assertRaisesRegex(programs.Failed, "bytes and not 710"):
                h2load.run(load, process.socket, self.directory, 10)
