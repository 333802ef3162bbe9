# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

import pathlib
import tempfile
import unittest

from goals import Goal, goals
from results import Results, Spread, percentile

FAILED = {"error": "3 of 10 calls failed"}


def results(**servers):
    return Results({}, {"unary_1x64": {
        name: [FAILED if cpu is None else {"cpu_us": cpu} for cpu in rounds]
        for name, rounds in servers.items()
    }})


class ResultsTest(unittest.TestCase):
    def test_the_spread_is_that_of_the_rounds_that_did_not_fail(self):
        spread = results(go=[3.0, None, 1.0, 2.0]).spread("unary_1x64", "go", "cpu_us")
        self.assertEqual(spread, Spread(2.0, 1.0, 3.0))

    def test_no_spread_of_what_was_not_measured(self):
        self.assertIsNone(results(go=[None]).spread("unary_1x64", "go", "cpu_us"))
        self.assertIsNone(results(go=[1.0]).spread("unary_1x64", "java", "cpu_us"))
        self.assertIsNone(results(go=[1.0]).spread("sparse", "go", "p50_us"))

    def test_a_ratio_is_made_within_a_round(self):
        """The machine was ten times slower in the second round, for both."""
        measured = results(udsecho=[1.0, 10.0, 1.0], go=[2.0, 20.0, 2.0])
        self.assertEqual(
            measured.ratio("unary_1x64", "cpu_us", "udsecho", ["go"], min), Spread(0.5, 0.5, 0.5)
        )

    def test_a_ratio_takes_the_best_of_each_round_that_has_both(self):
        measured = results(udsecho=[1.0, 1.0, None], go=[2.0, 8.0, 1.0], java=[4.0, 4.0, 1.0])
        self.assertEqual(
            measured.ratio("unary_1x64", "cpu_us", "udsecho", ["go", "java"], min),
            Spread(0.375, 0.25, 0.5),
        )

    def test_percentiles_are_values(self):
        self.assertEqual(percentile(range(100), 99), 99)
        self.assertEqual(percentile([3, 1, 2], 50), 2)
        self.assertEqual(percentile([7], 99), 7)

    def test_what_is_saved_is_read(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, "results.json")
            results(go=[1.23456789, None]).save(path)
            self.assertEqual(
                Results.load(path).values("unary_1x64", "go", "cpu_us"), [1.2346, None]
            )

    def test_errors_are_counted(self):
        (error,) = results(go=[None, 1.0, None]).errors()
        self.assertEqual(error, ("unary_1x64", "go", 2, 3, FAILED["error"]))


class GoalTest(unittest.TestCase):
    def test_at_most_at_least_and_below(self):
        one = Spread(1.0, 0.9, 1.1)
        self.assertTrue(Goal("", one, at_most=1).met)
        self.assertTrue(Goal("", one, at_least=1).met)
        self.assertFalse(Goal("", one, below=1).met)

    def test_by_how_much_a_goal_is_missed(self):
        two = Spread(2.0, 2.0, 2.0)
        self.assertAlmostEqual(Goal("", two, at_most=1).margin, -100)
        self.assertAlmostEqual(Goal("", two, at_least=4).margin, -50)

    def test_goals_of_a_run_without_peers_are_not_measured(self):
        measured = [goal for goal in goals(results(udsecho=[1.0])) if goal.measured]
        self.assertEqual(measured, [])

    def test_a_round_that_falls_below_misses_the_goal(self):
        goal = Goal("", Spread(1.3, 1.1, 1.5), at_least=1.2, in_each_round=1)
        self.assertTrue(goal.met)
        goal = Goal("", Spread(1.3, 0.9, 1.5), at_least=1.2, in_each_round=1)
        self.assertEqual(goal.verdict, "not met: 1.3 (0.9 to 1.5) of ≥ 1.2, never < 1")
        self.assertEqual(goal.how_far, "")

    def test_none_at_all_is_a_goal(self):
        self.assertEqual(Goal("", Spread(0, 0, 0), at_most=0).verdict, "met: 0 (0 to 0) of ≤ 0")
        self.assertEqual(Goal("", Spread(2, 0, 3), at_most=0).verdict, "not met: 2 (0 to 3) of ≤ 0")
        self.assertEqual(Goal("", Spread(2, 0, 3), at_most=0).how_far, "")

    def test_each_goal_is_against_the_server_it_names(self):
        measured = results(udsecho=[1.0], go=[2.0], go_tuned=[4.0], tonic1=[2.0], nghttp2_bare=[0.5])
        found = {goal.text: (goal.measured.median, goal.met) for goal in goals(measured) if goal.measured}
        self.assertEqual(found, {
            "CPU per call at 1 × 64, of tonic's (1 worker)": (0.5, True),
            "CPU per call at 1 × 64, of grpc-go's, tuned": (0.25, True),
            "CPU per call at 1 × 64, of the bare echo's on nghttp2": (2.0, False),
        })
