# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

import pathlib
import tempfile
import unittest

import h2load
from programs import Failed

OUTPUT = """\
finished in {time}, 65705.18 req/s, 6.41MB/s
requests: 500 total, 500 started, 500 done, {good} succeeded, {bad} failed, 0 errored, 0 timeout
status codes: 500 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 4.87MB (5110891) total, 146.56KB (150075) headers (space savings 96.29%), 3.39MB ({data}) data
"""


def output(time="760.98ms", good=500, bad=0, data=35500):
    return OUTPUT.format(time=time, good=good, bad=bad, data=data)


class ParseTest(unittest.TestCase):
    def test_units_of_time(self):
        for text, seconds in (("760.98ms", 0.76098), ("2.5s", 2.5), ("815us", 815e-6)):
            self.assertAlmostEqual(h2load.parse(output(text), 500, 71), seconds)

    def test_failed_calls_are_a_failure(self):
        with self.assertRaisesRegex(Failed, "2 of 500 calls failed"):
            h2load.parse(output(good=498, bad=2), 500, 71)

    def test_answers_without_their_bytes_are_a_failure(self):
        """As those of a server that fails each call by gRPC's status."""
        with self.assertRaisesRegex(Failed, "0 bytes and not 35500"):
            h2load.parse(output(data=0), 500, 71)

    def test_what_is_no_report_is_a_failure(self):
        with self.assertRaisesRegex(Failed, "connect"):
            h2load.parse("failed to connect", 500, 71)

    def test_latencies_are_sorted(self):
        with tempfile.TemporaryDirectory() as directory:
            log = pathlib.Path(directory, "log")
            log.write_text("1795638594957173\t200\t90\n1795638594957174\t200\t21\n")
            self.assertEqual(h2load.latencies(log), [21, 90])
