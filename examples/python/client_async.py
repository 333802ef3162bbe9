# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""A client of the Echo service on a Unix socket, on asyncio: python client_async.py unix:///tmp/sock1

One line a feature, "ok NAME" or "failed NAME: WHY".
"""

import asyncio
import os
import sys

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from udsecho.v1 import echo_pb2, echo_pb2_grpc

# Without a deadline a call may wait for ever.
TIMEOUT = 10  # seconds


def expect(actual, expected):
    if actual != expected:
        raise AssertionError(f"{actual!r} instead of {expected!r}")


async def echo(channel):
    """One message there, one back."""
    stub = echo_pb2_grpc.EchoStub(channel)
    request = echo_pb2.EchoRequest(message="hi", payload=b"\x00\xff")
    response = await stub.Echo(request, timeout=TIMEOUT)
    expect((response.message, response.payload), ("hi", b"\x00\xff"))


async def expand(channel):
    """One message there, many back: its words."""
    stub = echo_pb2_grpc.EchoStub(channel)
    responses = stub.Expand(echo_pb2.ExpandRequest(message="one two three"), timeout=TIMEOUT)
    expect([response.message async for response in responses], ["one", "two", "three"])


async def collect(channel):
    """Many messages there, one back."""
    stub = echo_pb2_grpc.EchoStub(channel)
    requests = (echo_pb2.EchoRequest(message=message) for message in ("one", "two"))
    response = await stub.Collect(requests, timeout=TIMEOUT)
    expect((response.message, response.count), ("onetwo", 2))


async def chat(channel):
    """Messages in both directions, in turn."""
    call = echo_pb2_grpc.EchoStub(channel).Chat(timeout=TIMEOUT)
    for message in ("one", "two"):
        await call.write(echo_pb2.EchoRequest(message=message))
        response = await call.read()
        expect(response.message, message)
    await call.done_writing()
    expect(await call.read(), grpc.aio.EOF)


async def metadata(channel):
    """Metadata comes back: before the response as text, after it as bytes."""
    sent = (
        ("x-grpc-test-echo-initial", "first"),
        ("x-grpc-test-echo-trailing-bin", b"\x00\xff"),
    )
    stub = echo_pb2_grpc.EchoStub(channel)
    call = stub.Echo(echo_pb2.EchoRequest(), metadata=sent, timeout=TIMEOUT)
    expect(dict(await call.initial_metadata()).get(sent[0][0]), sent[0][1])
    expect(dict(await call.trailing_metadata()).get(sent[1][0]), sent[1][1])


async def fault(channel):
    """A status other than OK, with details."""
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.ErrorInfo(reason="NO_SUCH_THING", domain="udsecho"))
    wanted = echo_pb2.Fault(
        code=grpc.StatusCode.NOT_FOUND.value[0], message="50 % gone: ü", details=[detail]
    )
    call = echo_pb2_grpc.EchoStub(channel).Echo(
        echo_pb2.EchoRequest(fault=wanted), timeout=TIMEOUT
    )
    expect(await call.code(), grpc.StatusCode.NOT_FOUND)
    expect(await call.details(), "50 % gone: ü")
    info = error_details_pb2.ErrorInfo()
    (await rpc_status.aio.from_call(call)).details[0].Unpack(info)
    expect(info.reason, "NO_SUCH_THING")


async def deadline(channel):
    """A call that takes longer than its caller has time for."""
    request = echo_pb2.EchoRequest(delay=duration_pb2.Duration(seconds=60))
    try:
        await echo_pb2_grpc.EchoStub(channel).Echo(request, timeout=0.1)
    except grpc.RpcError as error:
        expect(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
    else:
        raise AssertionError("no error")


async def health(channel):
    request = health_pb2.HealthCheckRequest(service="udsecho.v1.Echo")
    response = await health_pb2_grpc.HealthStub(channel).Check(request, timeout=TIMEOUT)
    expect(response.status, health_pb2.HealthCheckResponse.SERVING)


async def whoami(channel):
    """What the server sees of this process."""
    me = await echo_pb2_grpc.EchoStub(channel).WhoAmI(echo_pb2.WhoAmIRequest(), timeout=TIMEOUT)
    expect(me.uid, os.getuid())
    print("# authority:", me.authority)


async def main():
    if len(sys.argv) != 2:
        sys.exit("usage: python client_async.py unix:///ABSOLUTE/PATH")
    failed = False
    async with grpc.aio.insecure_channel(sys.argv[1]) as channel:
        for feature in (
            echo, expand, collect, chat, metadata, fault, deadline, health, whoami
        ):
            try:
                await feature(channel)
                print("ok", feature.__name__)
            except (AssertionError, grpc.RpcError) as error:
                print(f"failed {feature.__name__}: {error}")
                failed = True
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    asyncio.run(main())
