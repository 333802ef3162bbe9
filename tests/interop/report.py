# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What was checked: a line each as it happens, and a table of rows by columns at the end.

    report = Report()
    report.check("go", "echo", None)              # PASS go echo
    report.check("go", "chat", "the call ended")  # FAIL go chat, and the reason below it
    report.skip("rust", "there is no cargo on the PATH")

Thread safety: check and skip from any thread.
"""

import threading

PASSED, FAILED = "ok", "FAILED"


class Report:
    def __init__(self):
        self.failed = False
        self._lock = threading.Lock()
        self._cells = {}  # row -> column -> outcome
        self._skipped = {}  # row -> why

    def check(self, row, column, why):
        """One check: `why` it failed, or None."""
        with self._lock:
            self._cells.setdefault(row, {})[column] = PASSED if why is None else FAILED
            if why is None:
                print(f"PASS {row}: {column}", flush=True)
                return
            self.failed = True
            print(f"FAIL {row}: {column}")
            print("\n".join("     " + line for line in str(why).splitlines()), flush=True)

    def skip(self, row, why):
        with self._lock:
            self._skipped[row] = why
            print(f"SKIP {row}: {why}", flush=True)

    def closing_line(self):
        """All of it in a line: "12 passed, 0 failed, 1 skipped"."""
        outcomes = [outcome for cells in self._cells.values() for outcome in cells.values()]
        skipped = f", {len(self._skipped)} skipped" if self._skipped else ""
        return f"{outcomes.count(PASSED)} passed, {outcomes.count(FAILED)} failed{skipped}"

    def table(self, columns, wanted=lambda row: True, across=True):
        """As text: the wanted rows that have a check of one of the columns, or were skipped. Turned around
        unless `across`."""
        rows = [row for row, cells in self._cells.items() if set(cells) & set(columns)]
        rows = list(filter(wanted, [*rows, *(row for row in self._skipped if row not in rows)]))
        lines = [["", *columns]]
        for row in rows:
            blank = "skipped" if row in self._skipped else "-"
            cells = self._cells.get(row, {})
            lines.append([row, *(cells.get(column, blank) for column in columns)])
        if not across:
            lines = [list(line) for line in zip(*lines)]
        widths = [max(map(len, column)) for column in zip(*lines)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
            for line in lines
        )
