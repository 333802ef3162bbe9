# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""Makes the same calls on two servers, and tells which of them are answered in another way.

    compare.py OURS THEIRS     (sockets)

Its environment is that of examples/python. A line a case, "PASS NAME", or "FAIL NAME" and below it what each server did. A
difference that is meant is in MEANT, with its reason. Exit code 0: nothing failed.
"""

import itertools
import sys

import grpc
from google.protobuf import any_pb2, duration_pb2
from udsecho.v1 import echo_pb2, echo_pb2_grpc

INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
PATIENCE = 30  # seconds
LIMIT = 4 << 20  # bytes: the longest message, by default with both

# Beginning of a case's name -> why the servers are meant to differ.
MEANT = {
    "status 0 ": "a fault is no fault with code 0, and ours says so: INVALID_ARGUMENT",
    "status 17 ": "INVALID_ARGUMENT for a code that is none; gRPC's server sends any number",
    **dict.fromkeys(
        ("bytes cut off", "bytes no UTF-8", "bytes group"),
        "bytes that are no message are the caller's fault: INVALID_ARGUMENT, as proto/udsecho/v1/echo.proto says, where gRPC's"
        " server says INTERNAL"),
    "unknown message": "gRPC's server says no more than that it is not implemented; ours names the method",
}


def request(text="", payload=b"", delay=0.0, fault=None):
    nanos = round(delay * 1e9)
    return echo_pb2.EchoRequest(
        message=text, payload=payload, fault=fault,
        delay=duration_pb2.Duration(seconds=nanos // 10**9, nanos=nanos % 10**9) if delay else None)


def shapes(stub, shape, requests):
    """The call of that shape with these requests, and whether it has many responses."""
    if shape == "echo":
        return stub.Echo, requests[0], False
    if shape == "expand":
        first = requests[0]
        return stub.Expand, echo_pb2.ExpandRequest(
            message=first.message, payload=first.payload, delay=first.delay if first.HasField("delay") else None,
            fault=first.fault if first.HasField("fault") else None), True
    return (stub.Collect, iter(requests), False) if shape == "collect" else (stub.Chat, iter(requests), True)


def outcome(stub, shape, requests, cancel_after=None, timeout=PATIENCE, **options):
    """All that a caller sees."""
    method, argument, is_stream = shapes(stub, shape, requests)
    responses = []
    call = method(argument, timeout=timeout, **options) if is_stream else method.future(
        argument, timeout=timeout, **options)
    try:
        if cancel_after == 0:
            call.cancel()
        if is_stream:
            for response in call:
                responses.append(response)
                if cancel_after == len(responses):
                    call.cancel()
        else:
            responses.append(call.result())
    except (grpc.RpcError, grpc.FutureCancelledError):
        pass
    texts = [response.SerializeToString(deterministic=True) for response in responses]
    status = call.code()
    metadata = [sorted((key, value) for key, value in (pairs or ()) if key.startswith(("x-", "grpc-status-details")))
                for pairs in (call.initial_metadata(), call.trailing_metadata())]
    # What the client says of its own cancelling and of its deadline is its own.
    own = status in (grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED) and not requests[0].HasField("fault")
    return {"status": status.name, "details": "" if own else call.details(), "responses": texts,
            "metadata": None if own else metadata}


def unknown(channel, path):
    try:
        channel.unary_unary(path)(b"", timeout=PATIENCE)
    except grpc.RpcError as error:
        return {"status": error.code().name, "details": error.details()}
    return {"status": "OK"}


def raw(channel, path, data):
    try:
        answer = channel.unary_unary(path)(data, timeout=PATIENCE)
        return {"status": "OK", "responses": [answer]}
    except grpc.RpcError as error:
        return {"status": error.code().name}


SHAPES = ("echo", "expand", "collect", "chat")
COMPRESSIONS = {"plain": None, "gzip": grpc.Compression.Gzip, "deflate": grpc.Compression.Deflate}
METADATA = {
    "none": (), "text": ((INITIAL, "a b"),), "bytes": ((TRAILING, bytes(range(256))),), "empty": ((INITIAL, ""),),
    "both": ((INITIAL, "x"), (TRAILING, b"y")), "twice": ((INITIAL, "1"), (INITIAL, "2"), (TRAILING, b"3"), (TRAILING, b"4")),
    "long": ((INITIAL, "x" * 3000),), "other": (("x-something", "else"), ("x-more-bin", b"\0")),
}
SIZES = (0, 1, 5, 100, 16379, 16384, 65535, 65536, 1 << 20)


def cases():
    """(name, function of a channel)."""

    def add(name, shape, requests, **options):
        return name, lambda channel: outcome(echo_pb2_grpc.EchoStub(channel), shape, requests, **options)

    for shape, size, (how, compression) in itertools.product(SHAPES, SIZES, COMPRESSIONS.items()):
        yield add(f"size {shape} {size} {how}", shape, [request("word", bytes(size))], compression=compression)
    for shape, (name, metadata) in itertools.product(SHAPES, METADATA.items()):
        yield add(f"metadata {name} {shape}", shape, [request("word")], metadata=metadata)
        fault = echo_pb2.Fault(code=9, message="no")
        yield add(f"metadata {name} {shape}, and a fault", shape, [request("word", fault=fault)], metadata=metadata)
    detail = any_pb2.Any()
    detail.Pack(duration_pb2.Duration(seconds=7))
    for shape, code in itertools.product(SHAPES, range(18)):
        yield add(f"status {code} {shape}", shape, [request("word", fault=echo_pb2.Fault(code=code, message="why"))])
    texts = {"empty": "", "ascii": "plain", "percent": "50 % %41", "unicode": "ü ☺ 😈", "lines": "a\r\nb\t", "long": "x" * 1000}
    for shape, (name, text) in itertools.product(SHAPES, texts.items()):
        yield add(f"message {name} {shape}", shape, [request(fault=echo_pb2.Fault(code=5, message=text))])
        yield add(f"message {name} {shape}, and details", shape,
                  [request(fault=echo_pb2.Fault(code=5, message=text, details=[detail]))])
    for shape in SHAPES:
        yield add(f"deadline {shape}", shape, [request("word", delay=60)], timeout=0.1)
        yield add(f"deadline met {shape}", shape, [request("word", delay=0.02)])
        yield add(f"deadline passed {shape}", shape, [request("word")], timeout=-1)
        yield add(f"cancel at once {shape}", shape, [request("word", delay=60)], cancel_after=0)
    for count in (0, 1, 2, 10, 200):
        for shape in ("collect", "chat"):
            requests = [request(f"m{i}", bytes(i)) for i in range(count)]
            yield f"half-close {shape} {count}", lambda channel, shape=shape, requests=requests: half_close(
                channel, shape, requests)
    words = " ".join(map(str, range(200)))
    for after in (1, 2, 50):
        yield f"cancel expand after {after}", lambda channel, after=after: first_of(channel, words, after)
    for text in ("", " ", "one", " two  words ", "tabs\tand\nlines", words):
        yield add(f"words {text[:12]!r}", "expand", [request(text)])
    for over in (0, 1):
        size = LIMIT - 5 + over  # of the payload: its field takes five bytes
        yield f"limit {over}", lambda channel, size=size: status_of(outcome(
            echo_pb2_grpc.EchoStub(channel), "echo", [request(payload=bytes(size))]))
    for path in ("/udsecho.v1.Echo/Nothing", "/no.Such/Service", "/", "/udsecho.v1.Echo/"):
        yield f"unknown message {path}", lambda channel, path=path: unknown(channel, path)
        yield f"unknown {path}", lambda channel, path=path: {"status": unknown(channel, path)["status"]}
    for name, data in {"nothing": b"", "a field of another": b"\x98\x06\x01", "cut off": b"\x0a\x05a",
                       "no UTF-8": b"\x0a\x02\xff\xff", "wrong type": b"\x08\x01", "group": b"\x0b"}.items():
        yield f"bytes {name}", lambda channel, data=data: raw(channel, "/udsecho.v1.Echo/Echo", data)


def status_of(seen):
    return {"status": seen["status"], "lengths": list(map(len, seen["responses"]))}


def half_close(channel, shape, requests):
    stub = echo_pb2_grpc.EchoStub(channel)
    if shape == "collect":
        return {"response": stub.Collect(iter(requests), timeout=PATIENCE).SerializeToString(deterministic=True)}
    return {"responses": [response.message for response in stub.Chat(iter(requests), timeout=PATIENCE)]}


def first_of(channel, words, after):
    call = echo_pb2_grpc.EchoStub(channel).Expand(echo_pb2.ExpandRequest(message=words), timeout=PATIENCE)
    seen = [next(call).message for _ in range(after)]
    call.cancel()
    return {"responses": seen, "status": call.code().name}


def reason(name):
    return next((why for beginning, why in MEANT.items() if name.startswith(beginning)), None)


def main():
    # The other server may not listen yet.
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1),
               ("grpc.initial_reconnect_backoff_ms", 100), ("grpc.min_reconnect_backoff_ms", 100)]
    ours, theirs = (grpc.insecure_channel(f"unix:{path}", options=options) for path in sys.argv[1:3])
    grpc.channel_ready_future(theirs).result(PATIENCE)
    failed = meant = 0
    unused = set(MEANT)
    for name, run in cases():
        first, second = run(ours), run(theirs)
        why = reason(name)
        if first == second:
            print(f"PASS oracle: {name}")
        elif why:
            meant += 1
            unused -= {beginning for beginning in MEANT if name.startswith(beginning)}
            print(f"PASS oracle: {name} differs: {why}")
        else:
            failed += 1
            print(f"FAIL oracle: {name}\n     ours:   {str(first)[:600]}\n     theirs: {str(second)[:600]}")
    for beginning in unused:
        failed += 1
        print(f"FAIL oracle: {beginning!r} does not differ: take it out of MEANT")
    print(f"# {meant} differ as they are meant to, {failed} otherwise")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
