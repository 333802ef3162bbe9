# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

import shutil
import subprocess
import unittest

import wire
from servers import ROOT


class WireTest(unittest.TestCase):
    def test_a_message_of_64_bytes(self):
        self.assertEqual(wire.echo(), b"\0\0\0\0\x42\x0a\x40" + b"x" * 64)

    def test_a_payload_alone(self):
        self.assertEqual(wire.echo(b"", b"ab"), b"\0\0\0\0\4\x12\2ab")

    def test_protoc_reads_an_expansion(self):
        if not shutil.which("protoc"):
            self.skipTest("there is no protoc on the PATH")
        text = subprocess.run(
            ["protoc", "--proto_path=proto", "--decode=udsecho.v1.ExpandRequest",
             "udsecho/v1/echo.proto"],
            cwd=ROOT, input=wire.message_of(wire.expand(b"hi", 100_000)), capture_output=True,
            check=True,
        ).stdout
        self.assertEqual(text, b'message: "hi"\ncount: 100000\n')
