# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""docs/guide.md: its files are built, and its commands are typed, in a folder that is empty before."""

import os
import pathlib
import re
import shutil
import unittest

import greeter
import workspace_test

# A name in quotes that begins a line, then the block that follows it; or a block of commands.
BLOCK = re.compile(
    r"^`(?P<name>[\w.]+)` [^`]*(?:`[^`\n]+`[^`]*)*?\n\n```\w*\n(?P<text>.*?)^```$"
    r"|^```sh\n(?P<commands>.*?)^```$",
    re.M | re.S,
)
FILES = {
    ".bazelrc",
    "BUILD.bazel",
    "CMakeLists.txt",
    "WORKSPACE",
    "board.cc",
    "board.h",
    "board.proto",
    "board.service",
    "board_test.cc",
    "main.cc",
}

# The commands, as a terminal has them. What ends in & goes on while the next ones are typed.
SHELL = r"""
set -euo pipefail
set -m
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
bazel() { CC=$COMPILER UDSECHO_BIN=/nowhere command bazel --output_base="$BASE" --max_idle_secs=60 \
  "$1" --noshow_progress --action_env="UDSECHO_BIN=$OUR_BIN" "${@:2}"; }
"""
AWAIT_SOCKET = """
until [ -S SOCKET ]; do kill -0 %1; sleep 0.05; done
"""
AWAIT_NOTICE = """
until grep noon followed; do kill -0 %2; sleep 0.05; done
"""


class GuideTest(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = greeter.short_folder(self)
        self.home = self.folder / "home"
        self.home.mkdir()

    def write_files(self, text):
        """Writes what the page shows, and returns its commands as one script."""
        script = SHELL
        names = set()
        for block in BLOCK.finditer(text.replace("/path/to/udsecho", str(greeter.ROOT))):
            if block["name"]:
                (self.home / block["name"]).write_text(block["text"], encoding="utf-8")
                names.add(block["name"])
            else:
                commands = block["commands"].replace("board &\n", "board &\n" + AWAIT_SOCKET)
                commands = commands.replace("Follow &\n", "Follow >followed &\n")
                script += commands.replace("kill %1\n", AWAIT_NOTICE + "kill %1\n")
        self.assertEqual(names, FILES)
        return script.replace("/tmp/board", f"{self.folder}/s").replace("SOCKET", f"{self.folder}/s")

    @unittest.skipUnless(shutil.which("cmake"), "there is no cmake")
    @unittest.skipUnless(shutil.which("grpcurl", path=greeter.TOOLS_PATH), "there is no grpcurl")
    def test_the_guide(self):
        script = self.write_files((greeter.ROOT / "docs/guide.md").read_text(encoding="utf-8"))
        self.assertEqual(script.count("bazel test"), 1)
        environment = os.environ | {
            "BASE": f"{self.folder}/base",
            "COMPILER": str(workspace_test.COMPILER),
            "OUR_BIN": str(greeter.bazel_bin()),
            "PATH": greeter.TOOLS_PATH,
        }
        self.addCleanup(
            greeter.run, "bazel", f"--output_base={self.folder}/base", "clean", "--expunge", cwd=self.home
        )
        output = greeter.run("bash", "-c", script + "wait\n", cwd=self.home, env=environment, timeout=3 * greeter.SECONDS)
        self.assertEqual(output.returncode, 0, output.stdout)
        self.assertIn('"text": "lunch at noon"', output.stdout)
        self.assertIn('"status": "SERVING"', output.stdout)
        self.assertIn("100% tests passed", output.stdout)
        self.assertFalse((self.folder / "s").exists(), output.stdout)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "there is no systemd-analyze")
    def test_systemd_finds_no_fault_with_the_unit(self):
        self.write_files((greeter.ROOT / "docs/guide.md").read_text(encoding="utf-8"))
        unit = self.home / "board.service"
        unit.write_text(unit.read_text(encoding="utf-8").replace("/usr/local/bin/board", "/bin/true"), encoding="utf-8")
        result = greeter.run("systemd-analyze", "verify", "--man=no", unit)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertNotIn("board", result.stdout)
