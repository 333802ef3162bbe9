# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""All of h2spec's cases of HTTP/2 and HPACK, strict ones too, with the few that fail and why."""

import collections
import xml.etree.ElementTree

from examples import lacking
from programs import CACHE, fetch, run
from server import ROOT, Relay

CASES = 146  # of h2spec 2.2.1

# Section, number in it -> why it fails. h2spec follows RFC 7540, which RFC 9113 has replaced.
EXCEPTIONS = {
    ("http2/5.1.2", 1): "the first calls over the limit get RESOURCE_EXHAUSTED, which says why, and only"
    " later ones get REFUSED_STREAM",
    ("http2/5.3.1", 2): "RFC 9113 has deprecated priorities (5.3.2), and SETTINGS_NO_RFC7540_PRIORITIES says"
    " that a PRIORITY frame is not looked at",
}


def _run(program, port):
    """(section, number) -> a case's title, and why it failed or None. What h2spec printed if it did not
    run."""
    results = CACHE / "h2spec.xml"
    results.unlink(missing_ok=True)
    _, output = run(
        [program, "--strict", "--port", port, "--timeout", "10", "--path", "/udsecho.v1.Echo/Echo",
         "--junit-report", results], seconds=600,
    )
    if not results.exists():
        return {}, output
    outcomes = {}
    numbers = collections.Counter()
    for case in xml.etree.ElementTree.parse(results).iter("testcase"):
        section = case.get("package")
        numbers[section] += 1
        why = [child.text or child.tag for child in case if child.tag != "system-out"]
        outcomes[section, numbers[section]] = case.get("classname"), why[0] if why else None
    return outcomes, output


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
    # Many cases send what is wrong behind a request that is answered at once, and take the answer for a
    # failure.
    with Relay(path, gather=0.02) as relay:
        outcomes, output = _run(program, relay.port)
    count = len(outcomes)
    report.check("h2spec", f"{CASES} cases", None if count == CASES else f"{count} ran\n{output}")
    for case, (title, why) in outcomes.items():
        name = f"{case[0]}/{case[1]} {title}"
        if case not in EXCEPTIONS:
            report.check("h2spec", name, why)
        elif why is None:
            report.check("h2spec", name, "it passes: take it out of EXCEPTIONS")
        else:
            print(f"     h2spec: {name} fails: {EXCEPTIONS[case]}")
