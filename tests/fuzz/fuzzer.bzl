# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

"""A fuzzer, and the test of its corpus."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

def fuzzer(name, deps):
    """Of NAME.cc, which has LLVMFuzzerTestOneInput().

    Args:
      name: The program of that name is libFuzzer's, and wants --config=fuzz. NAME_test is a usual test, of
        the files in corpus/NAME.
      deps: What the fuzzer includes.
    """
    cc_library(
        name = name + "_input",
        testonly = True,
        srcs = [name + ".cc"],
        deps = deps + [":fuzz"],
        alwayslink = True,
    )
    cc_binary(
        name = name,
        testonly = True,
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = [
            ":end_at_failure",
            name + "_input",
        ],
    )
    cc_test(
        name = name + "_test",
        args = ["tests/fuzz/corpus/" + name],
        data = native.glob(["corpus/" + name + "/*"]),
        deps = [
            ":corpus_test",
            name + "_input",
        ],
    )
