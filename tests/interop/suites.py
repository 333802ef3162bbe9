# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""gRPC's own interoperability tests, by the clients of two languages, against `server --interop`.

Left out are the cases that need a cloud's credentials, and, of those that do not:
cacheable_unary      wants a caching proxy before the server
pick_first_unary, orca_per_rpc, orca_oob
                     are about the client's load balancing
very_large_request   is of 10 MiB, over the limit of one message
"""

import os

from examples import lacking
from programs import CACHE, fetch, missing, outcome, run
from server import ROOT, Relay

ROWS = ("grpc-go interop", "grpc-java interop")

COMMON = (
    "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong",
    "empty_stream", "custom_metadata", "status_code_and_message", "special_status_message",
    "unimplemented_method", "unimplemented_service", "cancel_after_begin",
    "cancel_after_first_response", "timeout_on_sleeping_server", "rpc_soak", "channel_soak",
)
# grpc-go's client has none of these.
COMPRESSED = (
    "client_compressed_unary", "client_compressed_unary_noprobe", "server_compressed_unary",
    "client_compressed_streaming", "client_compressed_streaming_noprobe",
    "server_compressed_streaming",
)
# A slow machine is no failure.
SOAK = (
    "--soak_per_iteration_max_acceptable_latency_ms=30000", "--soak_overall_timeout_seconds=60",
)


def check_go(report, path):
    """grpc-go's, in the version that examples/go pins."""
    row, example = ROWS[0], ROOT / "examples/go"
    if why := lacking(example):
        report.skip(row, why)
        return
    _, version = run("go list -m -f '{{.Version}}' google.golang.org/grpc", cwd=example)
    why = fetch(
        ["go", "install", f"google.golang.org/grpc/interop/client@{version.strip()}"],
        env={**os.environ, "GOBIN": str(CACHE)},
    )
    report.check(row, "build", why)
    # cancel_after_begin cancels, half-closes and wants CANCELLED. With several threads the client may
    # have sent the half-close, and have the answer, before it has noticed that it cancelled: then it
    # takes the one or the other by chance. With one thread it notices first.
    env = {**os.environ, "GOMAXPROCS": "1"}
    for case in () if why else COMMON:
        why = outcome(
            [CACHE / "client", f"--server_host=unix://{path}", "--server_port=0",
             f"--test_case={case}", *SOAK],
            env=env,
        )
        report.check(row, case, why)


def check_java(report, path):
    """grpc-java's. It speaks TCP alone, hence the relay."""
    row, folder = ROWS[1], ROOT / "tests/interop/grpc-java"
    if program := missing("mvn", "java"):
        report.skip(row, f"there is no {program} on the PATH")
        return
    jars = CACHE / "grpc-java"
    why = fetch(
        ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={jars}"], cwd=folder
    )
    report.check(row, "build", why)
    if why:
        return
    with Relay(path) as relay:
        for case in COMMON + COMPRESSED:
            why = outcome(
                ["java", "-cp", f"{jars}/*", "io.grpc.testing.integration.TestServiceClient",
                 "--use_tls=false", "--server_host=127.0.0.1", f"--server_port={relay.port}",
                 f"--test_case={case}", *SOAK]
            )
            report.check(row, case, why)
