# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Reckons what docs/scale.md derives: each `formula = value`, and each `name = formula = value`."""

import math
import re
import unittest

from servers import ROOT

_UNITS = {
    "%": 1e-2, "µs": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "k": 1e3, "M": 1e6,
    "G": 1e9, "T": 1e12,
}
_NUMBER = r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)(?: ?(%|" + "|".join(unit for unit in _UNITS if unit != "%") + r")(?![\w/]))?"


def _number(match):
    return repr(float(match[1].replace(",", "")) * _UNITS.get(match[2], 1))


def reckon(formula, names):
    expression = re.sub(_NUMBER, _number, formula)
    for sign, python in (("×", "*"), ("−", "-"), ("^", "**")):
        expression = expression.replace(sign, python)
    return eval(expression, {"__builtins__": {}}, {**names, "ceil": math.ceil})  # pylint: disable=eval-used


def is_rounded(value, exact):
    """`value` is a number with its unit, as written."""
    match = re.match(_NUMBER, value)
    if not match:
        return False
    unit = _UNITS.get(match[2], 1)
    digits = match[1].replace(",", "")
    whole = digits.rstrip("0") if "." not in digits else digits
    # Half of what the last digit that is not a zero stands for.
    step = 10 ** (len(digits) - len(whole)) if "." not in digits else 10 ** -len(digits.partition(".")[2])
    return abs(float(digits) * unit - exact) <= 0.501 * step * unit


class ScaleTest(unittest.TestCase):
    maxDiff = None
    def test_what_is_derived_is_right(self):
        text = (ROOT / "docs/scale.md").read_text(encoding="utf-8")
        names = {}
        for name, value in re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", text, re.M):
            names[name] = reckon(value, {})
        self.assertGreater(len(names), 15)
        derived = re.findall(r"`((?:\w+ = )?[^`=]+) = ([^`=]+)`", text.partition("## One thread")[2])
        self.assertGreater(len(derived), 40)
        wrong = []
        for formula, value in derived:
            name, _, right = formula.rpartition(" = ")
            exact = reckon(right, names)
            if name:
                names[name] = exact
            if not is_rounded(value, exact):
                wrong.append(f"`{formula} = {value}` is {exact:.6g}")
        self.assertEqual(wrong, [])

    def test_rounding(self):
        self.assertTrue(is_rounded("357,000 calls/s", 357_142.9))
        self.assertFalse(is_rounded("357,000 calls/s", 358_000))
        self.assertTrue(is_rounded("4.5 %", 0.0449))
        self.assertFalse(is_rounded("4.5 %", 0.0456))
        self.assertFalse(is_rounded("?", 1))
