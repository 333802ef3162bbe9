# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""gRPC's interoperability tests against `server --interop`, by clients on five implementations of HTTP/2.

The clients are grpc-go's; grpc-java's over Netty and over OkHttp; Ruby's, which stands on gRPC's C core as C++ does;
and two of ours in Python: on grpcio, and on grpclib, which stands on h2. Left out are the cases that need a cloud's credentials, and, of
those that do not:
cacheable_unary      wants a caching proxy before the server
orca_per_rpc, orca_oob
                     are about the client's load balancing
very_large_request   is of 10 MiB, over the limit of one message
"""

import os

from examples import lacking
from programs import CACHE, fetch, missing, outcome, run
from server import ROOT, Relay, Server

GO, NETTY, OKHTTP, RUBY, GRPCIO, GRPCLIB = ROWS = (
    "grpc-go", "grpc-java, Netty", "grpc-java, OkHttp", "Ruby", "grpcio", "grpclib",
)

COMMON = (
    "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong",
    "empty_stream", "custom_metadata", "status_code_and_message", "special_status_message",
    "unimplemented_method", "unimplemented_service", "cancel_after_begin",
    "cancel_after_first_response", "timeout_on_sleeping_server", "pick_first_unary", "rpc_soak",
    "channel_soak",
)
# Neither grpc-go's client nor grpclib's has these.
COMPRESSED = (
    "client_compressed_unary", "client_compressed_unary_noprobe", "server_compressed_unary",
    "client_compressed_streaming", "client_compressed_streaming_noprobe",
    "server_compressed_streaming",
)
# grpcio compresses all messages of a call or none.
GRPCIO_COMPRESSED = tuple(case for case in COMPRESSED if not case.startswith("client_compressed_streaming"))
# What their clients have not.
RUBY_LACKS = ("special_status_message", "pick_first_unary", "rpc_soak", "channel_soak")
GRPCLIB_LACKS = ("channel_soak",)
# A slow machine is no failure.
SOAK = (
    "--soak_per_iteration_max_acceptable_latency_ms=30000", "--soak_overall_timeout_seconds=60",
)


# Of Debian's package grpc-proto.
PROTOS = "/usr/share/grpc-proto/grpc/testing"


def check_go(report, path):
    """grpc-go's, in the version that examples/go pins."""
    row, example = GO, ROOT / "examples/go"
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
    """grpc-java's, over each of its two HTTP/2 implementations. It speaks TCP alone, hence the relay."""
    folder = ROOT / "tests/interop/grpc-java"
    if program := missing("mvn", "java", "javac"):
        for row in (NETTY, OKHTTP):
            report.skip(row, f"there is no {program} on the PATH")
        return
    jars = CACHE / "grpc-java"
    why = fetch(
        ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={jars}"], cwd=folder
    )
    report.check(NETTY, "build", why)
    if why:
        return
    with Relay(path) as relay:
        for row, okhttp in ((NETTY, "false"), (OKHTTP, "true")):
            for case in COMMON + COMPRESSED:
                why = outcome(
                    ["java", "-cp", f"{jars}/*", "io.grpc.testing.integration.TestServiceClient",
                     "--use_tls=false", f"--use_okhttp={okhttp}", "--server_host=127.0.0.1",
                     f"--server_port={relay.port}", f"--test_case={case}", *SOAK]
                )
                report.check(row, case, why)
    check_java_on_socket(report, jars)


def check_java_on_socket(report, jars):
    """grpc-java's tests for its own servers, over the socket itself; two of them are of 10 MiB."""
    source, made = ROOT / "tests/interop/grpc-java/SocketInteropTest.java", CACHE / "grpc-java-socket"
    made.mkdir(parents=True, exist_ok=True)
    why = outcome(["javac", "-cp", f"{jars}/*", "-d", made, source])
    if not why:
        with Server("--interop", "--max_message=16MiB", "--max_memory=1GiB") as server:
            why = outcome(["java", f"-Dsocket={server.path}", "-cp", f"{jars}/*:{made}",
                           "org.junit.runner.JUnitCore", "SocketInteropTest"], expect_text=["OK ("])
    report.check(NETTY, "AbstractInteropTest", why)


def check_ruby(report, path):
    """Ruby's, which comes with the gem."""
    if program := missing("ruby"):
        report.skip(RUBY, f"there is no {program} on the PATH")
        return
    code, folder = run(["ruby", "-e", "print Gem::Specification.find_by_name('grpc').gem_dir"])
    client = f"{folder}/src/ruby/pb/test/client.rb"
    if code != 0 or not os.path.exists(client):
        report.skip(RUBY, "there is no grpc gem with pb/test/client.rb")
        return
    for case in COMMON + ("client_compressed_unary", "client_compressed_streaming"):
        if case not in RUBY_LACKS:
            # It puts a colon between host and port.
            why = outcome(
                ["ruby", client, "--use_tls=false", "--server_host=unix", f"--server_port={path}",
                 f"--test_case={case}"], expect_text=[f'"OK: {case}"'],
            )
            report.check(RUBY, case, why)


def check_python(report, path):
    """Ours, on grpcio and on grpclib."""
    folder, made = ROOT / "tests/interop/python", CACHE / "python"
    if program := missing("python3"):
        for row in (GRPCIO, GRPCLIB):
            report.skip(row, f"there is no {program} on the PATH")
        return
    why = fetch(f"""set -e
        python3 -m venv {made}
        {made}/bin/pip install -q -r requirements.txt
        {made}/bin/python -m grpc_tools.protoc -I{PROTOS} --python_out={made} empty.proto messages.proto""",
        cwd=folder)
    report.check(GRPCIO, "build", why)
    if why:
        return
    for row, client, cases in ((GRPCIO, "on_grpcio.py", COMMON + GRPCIO_COMPRESSED), (GRPCLIB, "on_grpclib.py", COMMON)):
        for case in cases:
            if row == GRPCIO or case not in GRPCLIB_LACKS:
                why = outcome(
                    [made / "bin/python", folder / client, path, case],
                    env={**os.environ, "PYTHONPATH": str(made)},
                )
                report.check(row, case, why)
