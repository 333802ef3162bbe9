# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""From a Bazel workspace of one's own."""

import os
import pathlib

import greeter

COMPILER = pathlib.Path(__file__).resolve().parent / "compiler"

# By default Bazel links tests with shared libraries where it can, and programs with archives.
TEST = """
load("@rules_cc//cc:defs.bzl", "cc_test")

cc_test(
    name = "greeter_test",
    srcs = ["main.cc"],
    deps = [
        ":greeter_cc_proto",
        "@udsecho//rpc",
    ],
)
"""


class BazelTest(greeter.GreeterTest):
    def bazel(self, *command):
        return ["bazel", f"--output_base={self.folder}/base", "--max_idle_secs=60", *command]

    def setUp(self):
        super().setUp()
        # Stops Bazel, and makes what it wrote removable.
        self.addCleanup(greeter.run, *self.bazel("clean", "--expunge"), cwd=self.home)
        workspace = self.home / "WORKSPACE"
        text = workspace.read_text(encoding="utf-8")
        self.assertEqual(text.count('"../.."'), 1)
        workspace.write_text(text.replace('"../.."', f'"{greeter.ROOT}"'), encoding="utf-8")

    def build(self, command, *targets):
        """Runs `bazel build` or `bazel test` in the copy."""
        self.succeed(
            *self.bazel(command, "--noshow_progress", f"--action_env=UDSECHO_BIN={greeter.bazel_bin()}", *targets),
            cwd=self.home,
            env=os.environ | {"CC": str(COMPILER), "UDSECHO_BIN": "/nowhere"},
        )


class WorkspaceTest(BazelTest):
    def setUp(self):
        super().setUp()
        with (self.home / "BUILD.bazel").open("a", encoding="utf-8") as build:
            build.write(TEST)

    def test_builds_and_runs_a_service(self):
        self.build("build", "//:greeter", "//:greeter_test")
        self.assert_greets(self.home / "bazel-bin/greeter")
        self.assert_greets(self.home / "bazel-bin/greeter_test")
        # Nothing looks for gRPC C++, which a service does not need.
        self.assertFalse((self.folder / "base/external/com_github_grpc_grpc").exists())
        self.assertTrue((self.folder / "base/external/com_google_protobuf").exists())


class DaemonTest(BazelTest):
    source = "examples/tokens"

    def test_builds_a_daemon_and_its_client_and_tests_it(self):
        self.build("test", "--test_output=errors", "//...")
        for program in ("agent", "fetch"):
            self.assertTrue((self.home / "bazel-bin" / program).exists(), program)
