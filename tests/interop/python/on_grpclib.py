# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""gRPC's interoperability tests on grpclib, whose HTTP/2 is h2's: it owes nothing to gRPC's own libraries.

    on_grpclib.py SOCKET CASE

The cases are those of github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md, by the same names.
empty_pb2 and messages_pb2 are to be on the path. Exit code 0: passed.
"""

import asyncio
import sys

import empty_pb2
import messages_pb2 as pb
from grpclib.client import Channel, StreamStreamMethod, StreamUnaryMethod, UnaryStreamMethod, UnaryUnaryMethod
from grpclib.const import Status
from grpclib.exceptions import GRPCError

REQUEST_SIZES = (27182, 8, 1828, 45904)
RESPONSE_SIZES = (31415, 9, 2653, 58979)
LARGE_REQUEST, LARGE_RESPONSE = 271828, 314159
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
METADATA = {INITIAL: "test_initial_metadata_value", TRAILING: b"\xab\xab\xab"}
SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"


class Stub:
    def __init__(self, channel):
        empty = empty_pb2.Empty
        output = pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse
        for name, kind, request, response in (
            ("EmptyCall", UnaryUnaryMethod, empty, empty),
            ("UnaryCall", UnaryUnaryMethod, pb.SimpleRequest, pb.SimpleResponse),
            ("UnimplementedCall", UnaryUnaryMethod, empty, empty),
            ("StreamingInputCall", StreamUnaryMethod, pb.StreamingInputCallRequest,
             pb.StreamingInputCallResponse),
            ("StreamingOutputCall", UnaryStreamMethod, *output),
            ("FullDuplexCall", StreamStreamMethod, *output),
        ):
            setattr(self, name, kind(channel, f"/grpc.testing.TestService/{name}", request, response))
        self.Unserved = UnaryUnaryMethod(
            channel, "/grpc.testing.UnimplementedService/UnimplementedCall", empty, empty
        )


def expect(actual, expected):
    if actual != expected:
        raise AssertionError(f"{actual!r:.200} instead of {expected!r:.200}")


async def expect_error(call, status, message=None):
    try:
        await call
    except GRPCError as error:
        expect(error.status, status)
        if message is not None:
            expect(error.message, message)
    else:
        raise AssertionError("it was answered OK")


def output(request_size=None, *response_sizes, **fields):
    request = pb.StreamingOutputCallRequest(**fields)
    if request_size is not None:
        request.payload.body = bytes(request_size)
    for size in response_sizes:
        request.response_parameters.add(size=size)
    return request


def large():
    return pb.SimpleRequest(response_size=LARGE_RESPONSE, payload=pb.Payload(body=bytes(LARGE_REQUEST)))


async def empty_unary(stub):
    expect(await stub.EmptyCall(empty_pb2.Empty()), empty_pb2.Empty())


async def large_unary(stub):
    expect((await stub.UnaryCall(large())).payload.body, bytes(LARGE_RESPONSE))


async def client_streaming(stub):
    requests = [pb.StreamingInputCallRequest(payload=pb.Payload(body=bytes(size))) for size in REQUEST_SIZES]
    expect((await stub.StreamingInputCall(requests)).aggregated_payload_size, sum(REQUEST_SIZES))


async def server_streaming(stub):
    replies = await stub.StreamingOutputCall(output(None, *RESPONSE_SIZES))
    expect([len(reply.payload.body) for reply in replies], list(RESPONSE_SIZES))


async def ping_pong(stub):
    async with stub.FullDuplexCall.open() as stream:
        for there, back in zip(REQUEST_SIZES, RESPONSE_SIZES):
            await stream.send_message(output(there, back))
            expect(len((await stream.recv_message()).payload.body), back)
        await stream.end()
        expect(await stream.recv_message(), None)


async def empty_stream(stub):
    async with stub.FullDuplexCall.open() as stream:
        await stream.send_request()
        await stream.end()
        expect(await stream.recv_message(), None)


async def custom_metadata(stub):
    for method, request in ((stub.UnaryCall, large()), (stub.FullDuplexCall, output(LARGE_REQUEST, 8))):
        async with method.open(metadata=METADATA) as stream:
            await stream.send_message(request, end=True)
            while await stream.recv_message() is not None:
                pass
            await stream.recv_trailing_metadata()
            expect(stream.initial_metadata.getall(INITIAL), [METADATA[INITIAL]])
            expect(stream.trailing_metadata.getall(TRAILING), [METADATA[TRAILING]])


async def status_code_and_message(stub, message="test status message"):
    status = pb.EchoStatus(code=2, message=message)
    await expect_error(
        stub.UnaryCall(pb.SimpleRequest(response_status=status)), Status.UNKNOWN, message
    )
    await expect_error(
        stub.FullDuplexCall([output(response_status=status)]), Status.UNKNOWN, message
    )


async def special_status_message(stub):
    await status_code_and_message(stub, SPECIAL)


async def unimplemented_method(stub):
    await expect_error(stub.UnimplementedCall(empty_pb2.Empty()), Status.UNIMPLEMENTED)


async def unimplemented_service(stub):
    await expect_error(stub.Unserved(empty_pb2.Empty()), Status.UNIMPLEMENTED)


async def cancel_after_begin(stub):
    async with stub.StreamingInputCall.open() as stream:
        await stream.send_request()
        await stream.cancel()
    await empty_unary(stub)


async def cancel_after_first_response(stub):
    async with stub.FullDuplexCall.open() as stream:
        await stream.send_message(output(REQUEST_SIZES[0], RESPONSE_SIZES[0]))
        expect(len((await stream.recv_message()).payload.body), RESPONSE_SIZES[0])
        await stream.cancel()
    await empty_unary(stub)


async def timeout_on_sleeping_server(stub):
    request = output(27182, 31415)
    request.response_parameters[0].interval_us = 600_000_000
    try:
        await stub.FullDuplexCall([request], timeout=0.1)
    except asyncio.TimeoutError:  # the client's own clock was first
        await empty_unary(stub)
    except GRPCError as error:
        expect(error.status, Status.DEADLINE_EXCEEDED)
    else:
        raise AssertionError("it was answered OK")


async def pick_first_unary(stub):
    ids = {(await stub.UnaryCall(pb.SimpleRequest(fill_server_id=True))).server_id for _ in range(100)}
    expect((len(ids), "" in ids), (1, False))


# A thousand calls on one connection, 100 at a time.
async def rpc_soak(stub):
    async def some():
        for _ in range(10):
            await large_unary(stub)

    await asyncio.gather(*(some() for _ in range(100)))


async def main():
    path, case = sys.argv[1:]
    channel = Channel(path=path)
    try:
        await asyncio.wait_for(globals()[case](Stub(channel)), timeout=60)
    finally:
        channel.close()


asyncio.run(main())
