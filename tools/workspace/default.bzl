# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

"""All external repositories: Debian's packages, under the labels of the upstream projects."""

load("//tools/workspace:abseil.bzl", "ABSEIL_MODULES")
load("//tools/workspace:clang.bzl", "clang_toolchain")
load("//tools/workspace:system_repository.bzl", "system_repository")

# They share these: whoever takes one as an archive has to take all as archives.
_ARCHIVES = [
    "absl_",
    "address_sorting",
    "cares",
    "gpr",
    "grpc",
    "protobuf",
    "re2",
    "upb",
]

def _libraries():
    system_repository(
        name = "com_google_absl",
        archives = _ARCHIVES,
        modules = ABSEIL_MODULES,
        package = "libabsl-dev",
        version = "20220623",
    )
    system_repository(
        name = "com_google_googletest",
        # As upstream: both come with GoogleMock.
        modules = {
            "gtest": "gmock",
            "gtest_main": "gmock_main",
        },
        package = "libgmock-dev",
        version = "1.12",
    )
    system_repository(
        name = "com_github_gabime_spdlog",
        modules = {"spdlog": "spdlog"},
        package = "libspdlog-dev",
        version = "1.10",
    )
    system_repository(
        name = "com_github_nlohmann_json",
        modules = {"json": "nlohmann_json"},
        package = "nlohmann-json3-dev",
        version = "3.11",
    )
    system_repository(
        name = "com_github_cliutils_cli11",
        modules = {"cli11": "CLI11"},
        package = "libcli11-dev",
        version = "2.1",
    )
    system_repository(
        name = "com_github_systemd_systemd",
        modules = {"libsystemd": "libsystemd"},
        package = "libsystemd-dev",
        version = "252",
    )
    system_repository(
        name = "zlib",
        modules = {"zlib": "zlib"},
        package = "zlib1g-dev",
        version = "1.2",
    )
    system_repository(
        name = "com_github_nghttp2_nghttp2",
        archives = ["nghttp2"],
        modules = {"nghttp2": "libnghttp2"},
        package = "libnghttp2-dev",
        version = "1.52",
    )
    system_repository(
        name = "libedit",
        modules = {"libedit": "libedit"},
        package = "libedit-dev",
        version = "3.1",
    )
    system_repository(
        name = "boost",
        build_file = "//tools/workspace:boost.BUILD",
        links = {"boost/histogram.hpp": "/usr/include/boost/histogram.hpp"},
        package = "libboost-dev",
    )

def _protobuf_and_grpc():
    system_repository(
        name = "com_google_protobuf",
        archives = _ARCHIVES,
        build_file = "//tools/workspace:protobuf.BUILD",
        links = {
            "bin/protoc": "/usr/bin/protoc",
            "google/protobuf": "/usr/include/google/protobuf",
        },
        modules = {"protobuf": "protobuf"},
        package = "libprotobuf-dev (or protobuf-compiler)",
        version = "3.21",
    )
    system_repository(
        name = "com_github_grpc_grpc",
        archives = _ARCHIVES,
        build_file = "//tools/workspace:grpc.BUILD",
        files = {"//tools/workspace:cc_grpc_library.bzl": "bazel/cc_grpc_library.bzl"},
        links = {"bin/grpc_cpp_plugin": "/usr/bin/grpc_cpp_plugin"},
        modules = {
            "grpc++": "grpc++",
            "grpc++_unsecure": "grpc++_unsecure",
        },
        package = "libgrpc++-dev (or protobuf-compiler-grpc)",
        unnamed = {"grpc++_unsecure": ["address_sorting", "re2", "upb", "cares", "z"]},
        version = "1.51",
    )
    system_repository(
        name = "io_grpc_grpc_proto",
        build_file = "//tools/workspace:grpc_proto.BUILD",
        links = {"grpc": "/usr/share/grpc-proto/grpc"},
        package = "grpc-proto",
    )

def _bazel_rules():
    native.local_repository(name = "rules_proto", path = "/usr/share/bazel/rules/proto")
    native.local_repository(name = "rules_java", path = "/usr/share/bazel/rules/java")

    # Debian's bazel-rules-cc wants a newer Bazel than Debian's, and Bazel's built-in default
    # would be downloaded: a stand-in that hands on the native rules.
    system_repository(
        name = "rules_cc",
        files = {"//tools/workspace:rules_cc_defs.bzl": "cc/defs.bzl"},
        package = "bazel-bootstrap",
    )

    # `bazel test` asks for it even when no coverage is collected, and would download it.
    system_repository(
        name = "remote_coverage_tools",
        build_file = "//tools/workspace:coverage.BUILD",
        package = "bazel-bootstrap",
    )

# buildifier: disable=unnamed-macro
def system_repositories():
    """Declares every external repository. None of them is downloaded."""
    _libraries()
    _protobuf_and_grpc()
    _bazel_rules()
    clang_toolchain(name = "clang")
