# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Runs a folder's *_test.py, with a line a test: "PASS NAME", "FAIL NAME" or "SKIP NAME: WHY"."""

import unittest


class Lines(unittest.TestResult):
    """The lines that .ci/count reads."""

    @staticmethod
    def _name(test):
        return test.id()

    def addSuccess(self, test):
        super().addSuccess(test)
        print(f"PASS {self._name(test)}", flush=True)

    def _failed(self, test, error):
        print(f"FAIL {self._name(test)}\n{self._exc_info_to_string(error, test)}", flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._failed(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._failed(test, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"SKIP {self._name(test)}: {reason}", flush=True)


def run(folder):
    """The exit code: 0 if nothing failed, 1 if something did or nothing was run."""
    tests = unittest.defaultTestLoader.discover(str(folder), pattern="*_test.py")
    result = Lines()
    tests.run(result)
    return 0 if result.wasSuccessful() and result.testsRun else 1
