# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from results import Results
from rounds import Rounds, expected_seconds, temporary_directory
from servers import ROOT, Server
from works import WORKS, Work

# All but those that are long for what they do.
QUICK = [name for name in WORKS if name not in ("sparse", "idle")]


def run(*arguments):
    return subprocess.run(
        [ROOT / "tools/bench/run", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=1800, check=False,
    )


class RunTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("h2load"):
            raise unittest.SkipTest("there is no h2load on the PATH")
        cls._directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls._directory.cleanup)
        cls.out = pathlib.Path(cls._directory.name)
        cls.result = run(
            "--servers=udsecho", "--rounds=2", "--seconds=0.2", f"--works={','.join(QUICK)}",
            f"--out={cls.out}",
        )

    def test_each_work_has_a_number_of_each_round(self):
        self.assertEqual(self.result.returncode, 0, self.result.stdout)
        samples = json.loads((self.out / "performance/results.json").read_text())["samples"]
        self.assertEqual(sorted(samples), sorted(QUICK))
        for work, servers in samples.items():
            self.assertEqual(len(servers["udsecho"]), 2, work)
            for sample in servers["udsecho"]:
                self.assertNotIn("error", sample, work)
                self.assertTrue(sample, work)

    def test_the_goals_are_printed(self):
        self.assertRegex(self.result.stdout, r"(?m)^start to first answer: (not )?met: \S+ \(.+\) of ≤ 6 ms$")

    def test_the_page_has_the_machine_and_the_commands(self):
        page = (self.out / "performance.md").read_text()
        for text in ("## Goals", "## Levers", "h2load -n CALLS -c 1000 -m 1 ", "| processor |"):
            self.assertIn(text, page)

    def test_the_page_is_made_anew_of_the_numbers_alone(self):
        page = self.out / "performance.md"
        before = page.read_text()
        page.unlink()
        result = run("--report-only", f"--out={self.out}")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertEqual(page.read_text(), before)

    def test_the_diagrams_are_drawn(self):
        if "SKIP diagrams" in self.result.stdout:
            self.skipTest("there is no matplotlib")
        page = (self.out / "performance.md").read_text()
        for name in ("cpu", "throughput", "latency"):
            self.assertIn(f"(performance/{name}.svg)", page)
            self.assertIn("<svg", (self.out / f"performance/{name}.svg").read_text())


class RoundsTest(unittest.TestCase):
    def test_a_server_that_does_not_come_is_a_failure_of_each_round(self):
        nobody = Server("nobody", "nobody")  # there is no such peer to start
        with temporary_directory() as directory:
            rounds = Rounds([nobody], [WORKS["unary_1x64"]], 0.1, directory)
            rounds.run(0)
            rounds.run(1)
        errors = list(Results({}, rounds.samples).errors())
        self.assertEqual([error[:4] for error in errors], [("unary_1x64", "nobody", 2, 2)])
        self.assertIn("peers/nobody/start", errors[0][4])


    def test_a_work_has_no_more_rounds_than_it_wants(self):
        work = Work("once", "once", lambda context: {"x": 1}, lambda seconds: 0, starts=True, rounds=1)
        server = Server("nobody", "nobody")
        rounds = Rounds([server], [work], 0.1, pathlib.Path())
        rounds.run(0)
        rounds.run(1)
        self.assertEqual(rounds.samples, {"once": {"nobody": [{"x": 1}]}})

    def test_what_it_takes_is_known_before(self):
        once = Work("once", "once", None, lambda seconds: 3 * seconds, starts=True, rounds=1)
        always = Work("always", "always", None, lambda seconds: seconds, starts=True)
        server = Server("nobody", "nobody")
        self.assertEqual(expected_seconds([server], [once, always], rounds=4, seconds=2), 6 + 4 * 2)


class UsageTest(unittest.TestCase):
    def test_an_unknown_server_is_refused(self):
        result = run("--servers=nobody")
        self.assertEqual(result.returncode, 2)
        self.assertIn("nobody is none of udsecho, ", result.stdout)

    def test_an_unknown_work_is_refused(self):
        result = run("--works=1x64,1x65")
        self.assertEqual(result.returncode, 2)
        self.assertIn("1x65 is none of idle_memory, ", result.stdout)

    def test_no_rounds_are_refused(self):
        self.assertEqual(run("--rounds=0").returncode, 2)
