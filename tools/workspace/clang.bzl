# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

"""Clang as a C++ toolchain beside the default one, for --config=fuzz. Looked for only then."""

load("@bazel_tools//tools/cpp:unix_cc_configure.bzl", "configure_unix_toolchain")

# As tools/setup --fuzz installs it.
_CLANG = "clang-16"

def _clang_toolchain_impl(repository_ctx):
    clang = repository_ctx.which(_CLANG)
    if clang == None:
        fail("there is no %s: run tools/setup --fuzz" % _CLANG)
    configure_unix_toolchain(repository_ctx, "k8", {"gcc": str(clang)})

clang_toolchain = repository_rule(
    implementation = _clang_toolchain_impl,
    configure = True,
    local = True,
)
