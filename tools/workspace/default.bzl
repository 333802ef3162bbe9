# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

"""All external repositories: Debian's packages, under the labels of the upstream projects."""

load("//tools/workspace:clang.bzl", "clang_toolchain")
load("//tools/workspace:libraries.bzl", "nlohmann_json", "openssl", "udsecho_dependencies")
load("//tools/workspace:system_repository.bzl", "system_repository")

# buildifier: disable=unnamed-macro
def system_repositories():
    """Declares every external repository. None of them is downloaded."""
    udsecho_dependencies(grpc_proto_build_files = [
        Label("//tools/workspace:grpc_proto.BUILD"),
        Label("//tools/workspace:grpc_proto_stubs.BUILD"),
    ])
    nlohmann_json()
    openssl()
    system_repository(
        name = "com_github_gabime_spdlog",
        modules = {"spdlog": "spdlog"},
        package = "libspdlog-dev",
        version = "1.10",
    )
    system_repository(
        name = "com_github_cliutils_cli11",
        modules = {"cli11": "CLI11"},
        package = "libcli11-dev",
        version = "2.1",
    )
    system_repository(
        name = "com_github_jupp0r_prometheus_cpp",
        modules = {
            "core": "prometheus-cpp-core",
            "pull": "prometheus-cpp-pull",
        },
        package = "prometheus-cpp-dev",
        version = "1.0",
    )
    system_repository(
        name = "libedit",
        modules = {"libedit": "libedit"},
        package = "libedit-dev",
        version = "3.1",
    )
    system_repository(
        name = "boost",
        build_files = [Label("//tools/workspace:boost.BUILD")],
        links = {"boost/histogram.hpp": "/usr/include/boost/histogram.hpp"},
        package = "libboost-dev",
    )
    clang_toolchain(name = "clang")
