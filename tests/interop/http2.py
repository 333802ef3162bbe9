# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""h2spec's cases of HTTP/2 and HPACK that must pass: http2_cases.txt lists them, and the others."""

import xml.etree.ElementTree

from examples import lacking
from programs import CACHE, fetch, run
from server import ROOT, Relay


def _passing():
    """Section -> the numbers of its cases that must pass."""
    sections = {}
    for line in (ROOT / "tests/interop/http2_cases.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            verdict, section, *numbers = line.split()
            if verdict == "pass":
                sections[section] = numbers
    return sections


def _run(program, port, cases):
    """The names of the cases, and why they failed or None; what h2spec printed if it did not run."""
    results = CACHE / "h2spec.xml"
    results.unlink(missing_ok=True)
    _, output = run(
        [program, "--strict", "--port", port, "--timeout", "10", "--path", "/udsecho.v1.Echo/Echo",
         "--junit-report", results, *("/".join(case) for case in cases)], seconds=600,
    )
    if not results.exists():
        return {case: ("", output) for case in cases}
    outcomes = {case: ("", "it was not run") for case in cases}
    for suite in xml.etree.ElementTree.parse(results).iter("testsuite"):
        # Those that ran, in their order.
        ran = [case for case in cases if case[0] == suite.get("package")]
        for case, tested in zip(ran, suite.iter("testcase")):
            why = [element.text or "it failed" for element in tested if element.tag != "system-out"]
            outcomes[case] = tested.get("classname"), why[0] if why else None
    return outcomes


def check_http2(report, path):
    folder, program = ROOT / "tests/interop/h2spec", CACHE / "h2spec"
    if why := lacking(folder, "go"):
        report.skip("h2spec", why)
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    why = fetch(["go", "build", "-o", program, "github.com/summerwind/h2spec/cmd/h2spec"], cwd=folder)
    report.check("h2spec", "build", why)
    if why:
        return
    cases = [(section, number) for section, numbers in _passing().items() for number in numbers]
    with Relay(path) as relay:
        outcomes = _run(program, relay.port, cases)
        # The response may be there before what the case sends next: another try for such a one.
        if again := [case for case, (_, why) in outcomes.items() if why]:
            outcomes.update(_run(program, relay.port, again))
    for (section, number), (name, why) in outcomes.items():
        report.check("h2spec", f"{section}/{number} {name}", why)
