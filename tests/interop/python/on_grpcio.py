# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""gRPC's interoperability tests on grpcio, gRPC's C core as Python has it.

    on_grpcio.py SOCKET CASE

The cases are those of github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md, by the same names.
empty_pb2 and messages_pb2 are to be on the path. Exit code 0: passed.
"""

import concurrent.futures
import queue
import sys

import empty_pb2
import grpc
import messages_pb2 as pb

TIMEOUT = 60  # seconds
REQUEST_SIZES = (27182, 8, 1828, 45904)
RESPONSE_SIZES = (31415, 9, 2653, 58979)
LARGE_REQUEST, LARGE_RESPONSE = 271828, 314159
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
METADATA = ((INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab"))
SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"


class Stub:
    def __init__(self, channel):
        empty = empty_pb2.Empty
        output = pb.StreamingOutputCallResponse
        for name, kind, response in (
            ("EmptyCall", channel.unary_unary, empty),
            ("UnaryCall", channel.unary_unary, pb.SimpleResponse),
            ("UnimplementedCall", channel.unary_unary, empty),
            ("StreamingInputCall", channel.stream_unary, pb.StreamingInputCallResponse),
            ("StreamingOutputCall", channel.unary_stream, output),
            ("FullDuplexCall", channel.stream_stream, output),
        ):
            setattr(self, name, kind(f"/grpc.testing.TestService/{name}", lambda request: request.SerializeToString(),
                                     response.FromString))
        self.Unserved = channel.unary_unary("/grpc.testing.UnimplementedService/UnimplementedCall")


def expect(actual, expected):
    if actual != expected:
        raise AssertionError(f"{actual!r:.200} instead of {expected!r:.200}")


def expect_error(call, code, message=None):
    try:
        call()
    except grpc.RpcError as error:
        expect(error.code(), code)
        if message is not None:
            expect(error.details(), message)
    else:
        raise AssertionError("it was answered OK")


def output(request_size, *response_sizes, **fields):
    request = pb.StreamingOutputCallRequest(payload=pb.Payload(body=bytes(request_size)), **fields)
    for size in response_sizes:
        request.response_parameters.add(size=size)
    return request


def inputs():
    return (pb.StreamingInputCallRequest(payload=pb.Payload(body=bytes(size))) for size in REQUEST_SIZES)


def large(**fields):
    return pb.SimpleRequest(response_size=LARGE_RESPONSE, payload=pb.Payload(body=bytes(LARGE_REQUEST)), **fields)


def empty_unary(stub):
    expect(stub.EmptyCall(empty_pb2.Empty(), timeout=TIMEOUT), empty_pb2.Empty())


def large_unary(stub):
    expect(stub.UnaryCall(large(), timeout=TIMEOUT).payload.body, bytes(LARGE_RESPONSE))


def client_streaming(stub):
    reply = stub.StreamingInputCall(inputs(), timeout=TIMEOUT)
    expect(reply.aggregated_payload_size, sum(REQUEST_SIZES))


def server_streaming(stub):
    replies = stub.StreamingOutputCall(output(0, *RESPONSE_SIZES), timeout=TIMEOUT)
    expect([len(reply.payload.body) for reply in replies], list(RESPONSE_SIZES))


def ping_pong(stub):
    requests = queue.SimpleQueue()
    replies = stub.FullDuplexCall(iter(requests.get, None), timeout=TIMEOUT)
    for there, back in zip(REQUEST_SIZES, RESPONSE_SIZES):
        requests.put(output(there, back))
        expect(len(next(replies).payload.body), back)
    requests.put(None)
    expect(list(replies), [])


def empty_stream(stub):
    expect(list(stub.FullDuplexCall(iter(()), timeout=TIMEOUT)), [])


def custom_metadata(stub):
    _, unary = stub.UnaryCall.with_call(large(), metadata=METADATA, timeout=TIMEOUT)
    stream = stub.FullDuplexCall(iter([output(LARGE_REQUEST, 8)]), metadata=METADATA, timeout=TIMEOUT)
    list(stream)
    for call in unary, stream:
        expect(dict(call.initial_metadata()).get(INITIAL), METADATA[0][1])
        expect(dict(call.trailing_metadata()).get(TRAILING), METADATA[1][1])


def status_code_and_message(stub, message="test status message"):
    status = pb.EchoStatus(code=2, message=message)
    unknown = grpc.StatusCode.UNKNOWN
    expect_error(lambda: stub.UnaryCall(pb.SimpleRequest(response_status=status), timeout=TIMEOUT), unknown, message)
    expect_error(lambda: list(stub.FullDuplexCall(iter([output(0, response_status=status)]), timeout=TIMEOUT)),
                 unknown, message)


def special_status_message(stub):
    status_code_and_message(stub, SPECIAL)


def unimplemented_method(stub):
    expect_error(lambda: stub.UnimplementedCall(empty_pb2.Empty(), timeout=TIMEOUT), grpc.StatusCode.UNIMPLEMENTED)


def unimplemented_service(stub):
    expect_error(lambda: stub.Unserved(b"", timeout=TIMEOUT), grpc.StatusCode.UNIMPLEMENTED)


def cancel_after_begin(stub):
    call = stub.StreamingInputCall.future(inputs(), timeout=TIMEOUT)
    call.cancel()
    expect(call.code(), grpc.StatusCode.CANCELLED)


def cancel_after_first_response(stub):
    call = stub.FullDuplexCall(iter([output(REQUEST_SIZES[0], RESPONSE_SIZES[0])]), timeout=TIMEOUT)
    expect(len(next(call).payload.body), RESPONSE_SIZES[0])
    call.cancel()
    expect(call.code(), grpc.StatusCode.CANCELLED)


def timeout_on_sleeping_server(stub):
    request = output(27182, 31415)
    request.response_parameters[0].interval_us = 600_000_000
    expect_error(lambda: list(stub.FullDuplexCall(iter([request]), timeout=0.1)), grpc.StatusCode.DEADLINE_EXCEEDED)


def pick_first_unary(stub):
    request = pb.SimpleRequest(fill_server_id=True)
    ids = {stub.UnaryCall(request, timeout=TIMEOUT).server_id for _ in range(100)}
    expect((len(ids), "" in ids), (1, False))


# --- Compression: the server is to refuse what claims to be compressed and is not. Of an answer grpcio does not say
# whether it was. ---

GZIP, NONE = grpc.Compression.Gzip, grpc.Compression.NoCompression


def client_compressed_unary_noprobe(stub):
    for compressed in True, False:
        reply = stub.UnaryCall(large(expect_compressed=pb.BoolValue(value=compressed)),
                               compression=GZIP if compressed else NONE, timeout=TIMEOUT)
        expect(len(reply.payload.body), LARGE_RESPONSE)


def client_compressed_unary(stub):
    claim = large(expect_compressed=pb.BoolValue(value=True))
    expect_error(lambda: stub.UnaryCall(claim, timeout=TIMEOUT), grpc.StatusCode.INVALID_ARGUMENT)
    client_compressed_unary_noprobe(stub)


def server_compressed_unary(stub):
    for compressed in True, False:
        reply = stub.UnaryCall(large(response_compressed=pb.BoolValue(value=compressed)), timeout=TIMEOUT)
        expect(len(reply.payload.body), LARGE_RESPONSE)


def server_compressed_streaming(stub):
    request = output(0, 31415, 92653)
    for parameters, compressed in zip(request.response_parameters, (True, False)):
        parameters.compressed.value = compressed
    replies = stub.StreamingOutputCall(request, timeout=TIMEOUT)
    expect([len(reply.payload.body) for reply in replies], [31415, 92653])


# A thousand calls, by ten threads: on one channel, and each on a channel of its own.
def rpc_soak(stub):
    def some(_):
        for _ in range(100):
            large_unary(stub)

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        list(pool.map(some, range(10)))


def channel_soak(_):
    def one(_):
        with connect() as channel:
            large_unary(Stub(channel))

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        list(pool.map(one, range(1000)))


def connect():
    return grpc.insecure_channel(f"unix:{sys.argv[1]}", options=[("grpc.use_local_subchannel_pool", 1)])


def main():
    with connect() as channel:
        globals()[sys.argv[2]](Stub(channel))


main()
