# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""The honest clients, built."""

import pathlib

from examples import build, lacking  # in tests/interop, as those that follow
from programs import CACHE, fetch, outcome
from server import ROOT

FOLDER = pathlib.Path(__file__).resolve().parent


def prepare(report, suite):
    """Their commands and environments; None when the server cannot be built."""
    why = outcome(["bazel", "build", "//server", "//client"], seconds=3600, cwd=ROOT)
    report.check(suite, "build", why)
    if why:
        return None
    clients = []
    python, go = ROOT / "examples/python", ROOT / "examples/go"
    if why := lacking(python):
        report.skip(f"{suite} in Python", why)
    else:
        why = build(python)
        report.check(suite, "build Python's client", why)
        if not why:
            clients.append(([python / ".venv/bin/python", FOLDER / "honest.py"], {"PYTHONPATH": str(python)}))
    if why := lacking(go):
        report.skip(f"{suite} in Go", why)
    else:
        CACHE.mkdir(parents=True, exist_ok=True)
        why = fetch(["go", "generate"], cwd=go) or fetch(["go", "build", "-o", CACHE / "soak_honest"], cwd=FOLDER / "go")
        report.check(suite, "build Go's client", why)
        if not why:
            clients.append(([CACHE / "soak_honest"], {}))
    return clients
