# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Trouble after trouble under load, and how many calls each has cost."""

import collections
import time

from hosts import CLIENTS
from load import Answers, Load, percentile
from troubles import announced, calm, during

SETTLE = 1.5  # seconds, after a host is back

Phase = collections.namedtuple("Phase", "trouble host begin end")


def run(site, commands, plan, hold):
    """plan: [(trouble, number of a host)]; hold: how many seconds each trouble lasts. The phases, and the answers."""
    answers, phases = Answers(), []
    with Load(site.network, CLIENTS, site.front.address, commands, answers) as load:
        time.sleep(SETTLE)  # the clients connect
        for trouble, number in plan:
            host = site.hosts[number]
            begin = time.monotonic()
            with during(trouble, site, host):
                time.sleep(hold)
            site.await_up()
            time.sleep(SETTLE)
            phases.append(Phase(trouble, host, begin, time.monotonic()))
    site.faults += load.faults
    return phases, answers


def failed(calls):
    return [call for call in calls if call.status != "OK"]


def table(phases, answers):
    """A row a kind of trouble: calls, and of them failed ones, and p99 in ms, with the policy and without."""
    rows = [("", "policy: calls", "failed", "p50", "p99", "longest", "none: calls", "failed", "p99", "longest",
             "C++, none: calls", "failed")]
    for trouble in dict.fromkeys(phase.trouble for phase in phases):
        calls = [call for phase in phases if phase.trouble == trouble for call in answers.of(phase.begin, phase.end)]
        with_policy = list(filter(has_policy, calls))
        cpp = [call for call in calls if call.work == "C++"]
        without = [call for call in calls if not has_policy(call) and call.work != "C++"]
        rows.append((
            trouble.__name__,
            len(with_policy), len(failed(with_policy)), *(round(percentile(with_policy, which)) for which in (0.5, 0.99, 1)),
            len(without), len(failed(without)), *(round(percentile(without, which)) for which in (0.99, 1)),
            len(cpp), len(failed(cpp))))
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows)]
    return "\n".join("  ".join(str(cell).rjust(width) for cell, width in zip(row, widths)) for row in rows)


def has_policy(call):
    return "retries" in call.work


def check(report, name, phases, answers):
    """No call may fail with the policy, and none without it when nothing happens or the front was told before."""
    for trouble in dict.fromkeys(phase.trouble for phase in phases):
        calls = [call for phase in phases if phase.trouble == trouble for call in answers.of(phase.begin, phase.end)]
        kept = calls if trouble in (calm, announced) else list(filter(has_policy, calls))
        report.check(name, f"no failed call: {trouble.__doc__}", "\n".join(statuses(kept)) or None)
        silent = {call.work for call in answers.of(0, float("inf"))} - {call.work for call in calls if call.status == "OK"}
        report.check(name, f"each client is answered: {trouble.__doc__}", ", ".join(sorted(silent)) or None)
        wrong = [call for call in calls if call.status == "WRONG"]
        report.check(name, f"no wrong answer: {trouble.__doc__}", f"{len(wrong)}" if wrong else None)


def statuses(calls):
    """How calls failed, the most frequent first."""
    counted = collections.Counter((call.work, call.status[:160]) for call in failed(calls))
    return [f"{count} x {work}: {status}" for (work, status), count in counted.most_common(8)]
