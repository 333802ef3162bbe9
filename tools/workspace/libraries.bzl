# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

"""What uds/, http2/, rpc/ and systemd/ are built with, for this workspace and for others that take them in:

    local_repository(name = "udsecho", path = "/src/udsecho")

    load("@udsecho//tools/workspace:libraries.bzl", "udsecho_dependencies")

    udsecho_dependencies()

The libraries come from Debian's packages, under the labels that upstream uses.
"""

load("//tools/workspace:abseil.bzl", "ABSEIL_MODULES")
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

def _take(rule, name, **kwargs):
    """Declares a repository, unless the workspace has declared one of this name before."""
    if not native.existing_rule(name):
        rule(name = name, **kwargs)

def _libraries():
    _take(
        system_repository,
        name = "com_google_absl",
        archives = _ARCHIVES,
        modules = ABSEIL_MODULES,
        package = "libabsl-dev",
        version = "20220623",
    )
    _take(
        system_repository,
        name = "com_google_googletest",
        # As upstream: both come with GoogleMock.
        modules = {
            "gtest": "gmock",
            "gtest_main": "gmock_main",
        },
        package = "libgmock-dev",
        version = "1.12",
    )
    _take(
        system_repository,
        name = "com_github_systemd_systemd",
        modules = {"libsystemd": "libsystemd"},
        package = "libsystemd-dev",
        version = "252",
    )
    _take(
        system_repository,
        name = "zlib",
        modules = {"zlib": "zlib"},
        package = "zlib1g-dev",
        version = "1.2",
    )
    _take(
        system_repository,
        name = "com_github_nghttp2_nghttp2",
        archives = ["nghttp2"],
        modules = {"nghttp2": "libnghttp2"},
        package = "libnghttp2-dev",
        version = "1.52",
    )

def _protobuf_and_grpc(proto_build_files):
    _take(
        system_repository,
        name = "com_google_protobuf",
        archives = _ARCHIVES,
        build_files = [Label("//tools/workspace:protobuf.BUILD")],
        links = {
            "bin/protoc": "/usr/bin/protoc",
            "google/protobuf": "/usr/include/google/protobuf",
        },
        modules = {"protobuf": "protobuf"},
        package = "libprotobuf-dev (or protobuf-compiler)",
        version = "3.21",
    )
    _take(
        system_repository,
        name = "com_github_grpc_grpc",
        archives = _ARCHIVES,
        build_files = [Label("//tools/workspace:grpc.BUILD")],
        files = {Label("//tools/workspace:cc_grpc_library.bzl"): "bazel/cc_grpc_library.bzl"},
        links = {"bin/grpc_cpp_plugin": "/usr/bin/grpc_cpp_plugin"},
        modules = {
            "grpc++": "grpc++",
            "grpc++_unsecure": "grpc++_unsecure",
        },
        package = "libgrpc++-dev (or protobuf-compiler-grpc)",
        unnamed = {"grpc++_unsecure": ["address_sorting", "re2", "upb", "cares", "z"]},
        version = "1.51",
    )
    _take(
        system_repository,
        name = "io_grpc_grpc_proto",
        build_files = proto_build_files,
        links = {"grpc": "/usr/share/grpc-proto/grpc"},
        package = "grpc-proto",
    )

def _bazel_rules():
    _take(native.local_repository, name = "rules_proto", path = "/usr/share/bazel/rules/proto")
    _take(native.local_repository, name = "rules_java", path = "/usr/share/bazel/rules/java")

    # Debian's bazel-rules-cc wants a newer Bazel than Debian's, and Bazel's built-in default
    # would be downloaded: a stand-in that hands on the native rules.
    _take(
        system_repository,
        name = "rules_cc",
        files = {Label("//tools/workspace:rules_cc_defs.bzl"): "cc/defs.bzl"},
        package = "bazel-bootstrap",
    )

    # `bazel test` asks for it even when no coverage is collected, and would download it.
    _take(
        system_repository,
        name = "remote_coverage_tools",
        build_files = [Label("//tools/workspace:coverage.BUILD")],
        package = "bazel-bootstrap",
    )

def udsecho_dependencies(grpc_proto_build_files = None):
    """Declares the repositories that the libraries need, gRPC C++ and GoogleTest. Nothing is downloaded.

    Only the Debian packages that a build uses have to be installed. A repository that the workspace has
    declared before stays as it is. system_repository.bzl makes more of other packages.

    Args:
      grpc_proto_build_files: of @io_grpc_grpc_proto, instead of those with the messages alone.
    """
    _libraries()
    _protobuf_and_grpc(grpc_proto_build_files or [Label("//tools/workspace:grpc_proto.BUILD")])
    _bazel_rules()

def nlohmann_json():
    """@com_github_nlohmann_json, which the libraries do not need and many programs do."""
    _take(
        system_repository,
        name = "com_github_nlohmann_json",
        modules = {"json": "nlohmann_json"},
        package = "nlohmann-json3-dev",
        version = "3.11",
    )

def openssl():
    """@openssl, which the libraries do not need and many programs do."""
    _take(
        system_repository,
        name = "openssl",
        modules = {"crypto": "libcrypto"},
        package = "libssl-dev",
        version = "3.0",
    )
