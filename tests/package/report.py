# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""A line a check, as .ci/count reads them, and a count."""

import subprocess


class Report:
    """Prints the lines and remembers what they say."""

    def __init__(self):
        self._count = {"PASS": 0, "FAIL": 0, "SKIP": 0}

    def check(self, name, why):
        """`why`: what is wrong, or nothing."""
        self._say("FAIL" if why else "PASS", name)
        if why:
            print(why, flush=True)

    def skip(self, name, why):
        self._say("SKIP", f"{name}: {why}")

    def take(self, line):
        """A line of another program, of which those that are checks count."""
        print(line, flush=True)
        if line[:5] in ("PASS ", "FAIL "):
            self._count[line[:4]] += 1

    def end(self):
        """Prints the count, and gives the exit code."""
        skipped = f", {self._count['SKIP']} skipped" if self._count["SKIP"] else ""
        print(f"{self._count['PASS']} passed, {self._count['FAIL']} failed{skipped}")
        return 1 if self._count["FAIL"] else 0

    def _say(self, outcome, name):
        self._count[outcome] += 1
        print(outcome, name, flush=True)


def outcome(command, seconds, **options):
    """What is wrong with a command's end: its output, or nothing if it ended with 0 in time."""
    try:
        end = subprocess.run(
            command,
            check=False,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            timeout=seconds,
            **options,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {error}"
    return f"{command[0]}: exit code {end.returncode}\n{end.stdout[-6000:]}" if end.returncode else ""
