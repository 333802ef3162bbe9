# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""The tools that people point at a gRPC server, by reflection alone: they see no .proto of ours."""

import json

from programs import missing, outcome, run

ECHO = "udsecho.v1.Echo"
NO_SUCH = '{"fault": {"code": 5, "message": "50 % gone: \\u00fc"}}'


def _check_ghz(address):
    """Why 200 calls, four at a time, were not all answered OK, or None."""
    code, output = run(
        ["ghz", "--insecure", "--call", f"{ECHO}/Echo", "-d", '{"message": "hi"}', "-n", "200",
         "-c", "4", "-O", "json", address]
    )
    try:
        answered = json.loads(output)["statusCodeDistribution"]
    except (ValueError, KeyError):
        answered = None
    return None if (code, answered) == (0, {"OK": 200}) else f"exit code {code}\n{output}"


def _grpcurl(path):
    def call(method, *data, code=0, text=(), flags=()):
        return outcome(
            ["grpcurl", "-plaintext", "-unix", *flags, "-d", "\n".join(data), path, method], code, text
        )

    return {
        "reflection": outcome(
            ["grpcurl", "-plaintext", "-unix", path, "list"], expect_text=[ECHO, "grpc.health.v1.Health"]
        ),
        "describe": outcome(
            ["grpcurl", "-plaintext", "-unix", path, "describe", f"{ECHO}.Chat"],
            expect_text=["stream .udsecho.v1.EchoRequest"],
        ),
        "echo": call(f"{ECHO}/Echo", '{"message": "hi"}', text=['"message": "hi"']),
        "expand": call(f"{ECHO}/Expand", '{"message": "one two"}', text=['"one"', '"two"']),
        "collect": call(
            f"{ECHO}/Collect", '{"message": "one"}', '{"message": "two"}', text=['"onetwo"']
        ),
        "chat": call(
            f"{ECHO}/Chat", '{"message": "one"}', '{"message": "two"}', text=['"one"', '"two"']
        ),
        "metadata": call(
            f"{ECHO}/Echo", "{}", text=["x-grpc-test-echo-initial: first"],
            flags=["-v", "-H", "x-grpc-test-echo-initial: first"],
        ),
        # 64 and the code.
        "fault": call(f"{ECHO}/Echo", NO_SUCH, code=69, text=["NotFound", "50 % gone: ü"]),
        "deadline": call(
            f"{ECHO}/Echo", '{"delay": "60s"}', code=68, text=["DeadlineExceeded"],
            flags=["-max-time", "1"],
        ),
        "health": call(
            "grpc.health.v1.Health/Check", f'{{"service": "{ECHO}"}}', text=["SERVING"]
        ),
        "whoami": call(f"{ECHO}/WhoAmI", "{}", text=['"authority": "localhost"']),
    }


def _buf(path):
    def curl(method, data, code=0, text=()):
        return outcome(
            ["buf", "curl", "--http2-prior-knowledge", "--protocol", "grpc", "--unix-socket", path,
             "-d", data, f"http://localhost/{method}"], code, text,
        )

    return {
        "reflection": outcome(
            ["buf", "curl", "--http2-prior-knowledge", "--protocol", "grpc", "--unix-socket", path,
             "--list-services", "http://localhost"], expect_text=[ECHO],
        ),
        "echo": curl(f"{ECHO}/Echo", '{"message": "hi"}', text=['"hi"']),
        "expand": curl(f"{ECHO}/Expand", '{"message": "one two"}', text=['"one"', '"two"']),
        "collect": curl(
            f"{ECHO}/Collect", '{"message": "one"}{"message": "two"}', text=['"onetwo"']
        ),
        "chat": curl(
            f"{ECHO}/Chat", '{"message": "one"}{"message": "two"}', text=['"one"', '"two"']
        ),
        # The code, three bits up.
        "fault": curl(f"{ECHO}/Echo", NO_SUCH, code=5 << 3, text=["not_found"]),
        "health": curl("grpc.health.v1.Health/Check", f'{{"service": "{ECHO}"}}', text=["SERVING"]),
        "whoami": curl(f"{ECHO}/WhoAmI", "{}", text=['"authority": "localhost"']),
    }


def _probe(path):
    def probe(*flags, code=0, text=()):
        return outcome(["grpc-health-probe", f"-addr=unix://{path}", *flags], code, text)

    return {
        "health": probe(f"-service={ECHO}", text=["SERVING"]) or probe(text=["SERVING"]),
        "fault": probe("-service=no.such.Service", code=3, text=["NotFound"]),
    }


def check_tools(report, path):
    """A row for each tool that is there."""
    for tool, checks in (
        ("grpcurl", _grpcurl),
        ("buf", _buf),
        ("grpc-health-probe", _probe),
        ("ghz", lambda path: {"echo": _check_ghz(f"unix://{path}")}),
    ):
        if missing(tool):
            report.skip(tool, "it is not installed (tools/setup --dev does it, with a new enough Go)")
            continue
        for column, why in checks(path).items():
            report.check(tool, column, why)
