# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""What a proxy does to calls, seen by a client on grpcio: checks.py ADDRESS TLS_ADDRESS TLS_FOLDER ACCESS_LOG

Its environment is that of examples/python. It prints a line a question, NAME<TAB>ANSWER; proxy_checks.py has what is expected.
"""

import json
import pathlib
import queue
import sys
import time

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from udsecho.v1 import echo_pb2, echo_pb2_grpc

TIMEOUT = 20  # seconds
NAME = "echo.example"
LIMITS = [("grpc.max_receive_message_length", 8 << 20), ("grpc.max_metadata_size", 64 << 10), ("grpc.enable_retries", 0)]


def status(function, *arguments, **options):
    """OK, or the name of the status."""
    try:
        function(*arguments, timeout=TIMEOUT, **options)
    except grpc.RpcError as error:
        return error.code().name
    return "OK"


class Checks:
    def __init__(self, address, tls_address, folder, access_log):
        self.access_log = pathlib.Path(access_log)
        self.channel = grpc.insecure_channel(address, [("grpc.default_authority", NAME), *LIMITS])
        self.stub = echo_pb2_grpc.EchoStub(self.channel)
        self.tls_address, self.folder = tls_address, pathlib.Path(folder)

    def who(self, **options):
        return self.stub.WhoAmI(echo_pb2.WhoAmIRequest(), timeout=TIMEOUT, **options)

    def seen(self, *metadata):
        """The values that the server sees of those keys."""
        keys = {key for key, _ in metadata}
        return [(entry.key, entry.value) for entry in self.who(metadata=metadata).metadata if entry.key in keys]

    def authority(self):
        return self.who().authority

    def uid(self):
        return self.who().uid

    def added(self):
        """The keys that the server sees and that this client did not send."""
        return " ".join(sorted({entry.key for entry in self.who().metadata} - {"user-agent"}))

    def deadline(self):
        """What the server sees of 20 s, and who ends a call that is too late."""
        left = self.who().time_left.ToTimedelta().total_seconds()
        return "passed on" if abs(left - TIMEOUT) < 2 else f"{left} s of {TIMEOUT}"

    def no_deadline(self):
        response = self.stub.WhoAmI(echo_pb2.WhoAmIRequest())
        return "given one" if response.HasField("time_left") else "none"

    def keys(self):
        """Which characters of a key get through."""
        wanted = {"a-b": "x-a-b", "a_b": "x-a_b", "a.b": "x-a.b"}
        return " ".join(name for name, key in wanted.items() if self.seen((key, "v")) == [(key, b"v")])

    def values(self):
        sent = [("x-more", "one"), ("x-more", "two, three"), ("x-more", "~!@#$%^&*(){}|\\\"';:<>?/")]
        seen = b", ".join(value for _, value in self.seen(*sent))
        return "as sent" if seen == b", ".join(value.encode() for _, value in sent) else repr(seen)

    def binary(self):
        sent = bytes(range(256))
        metadata = [("x-grpc-test-echo-trailing-bin", sent), ("x-bytes-bin", sent)]
        _, call = self.stub.Echo.with_call(echo_pb2.EchoRequest(), metadata=metadata, timeout=TIMEOUT)
        back = dict(call.trailing_metadata()).get(metadata[0][0])
        return "as sent" if self.seen(metadata[1]) == [metadata[1]] and back == sent else "changed"

    def metadata_size(self):
        """The longest value of some that gets through, and the status of the next longer one."""
        last = "none"
        for size in (1, 2, 4, 7, 12, 24, 48):
            got = status(self.stub.Echo, echo_pb2.EchoRequest(), metadata=[("x-long", "v" * (size << 10))])
            if got != "OK":
                return f"{last} KiB; {size} KiB: {got}"
            last = size
        return f"{last} KiB"

    def initial_metadata(self):
        sent = ("x-grpc-test-echo-initial", "first")
        _, call = self.stub.Echo.with_call(echo_pb2.EchoRequest(), metadata=[sent], timeout=TIMEOUT)
        return "as sent" if sent in [tuple(pair) for pair in call.initial_metadata()] else str(call.initial_metadata())

    def trailers(self):
        """A status with a message that is not ASCII, and with details."""
        detail = any_pb2.Any()
        detail.Pack(error_details_pb2.ErrorInfo(reason="NO_SUCH_THING", domain="udsecho"))
        answers = []
        for call in (
            lambda fault: self.stub.Echo(echo_pb2.EchoRequest(fault=fault), timeout=TIMEOUT),
            lambda fault: list(self.stub.Expand(echo_pb2.ExpandRequest(count=3, fault=fault), timeout=TIMEOUT)),
        ):
            try:
                call(echo_pb2.Fault(code=5, message="50 % gone: ü", details=[detail]))
            except grpc.RpcError as error:
                rich = rpc_status.from_call(error)
                answers.append((error.code().name, error.details(), list(rich.details) if rich else None))
        return "as sent" if answers == [("NOT_FOUND", "50 % gone: ü", [detail])] * 2 else str(answers)

    def compressed_request(self):
        """Of the request."""
        unknown = echo_pb2.WhoAmIRequest.FromString(b"\x7a\x64" + b"x" * 100)  # a field that it has not: something to compress
        encoding = self.stub.WhoAmI(unknown, compression=grpc.Compression.Gzip, timeout=TIMEOUT).request_encoding
        return "as sent" if encoding == "gzip" else encoding

    def large(self):
        """Messages of 4 MiB, less what surrounds the payload."""
        payload = bytes(4194304 - 16)
        response = self.stub.Echo(echo_pb2.EchoRequest(payload=payload), timeout=TIMEOUT)
        return "as sent" if response.payload == payload else "changed"

    def many(self):
        sent = echo_pb2.ExpandRequest(message="x", payload=bytes(1000), count=1000)
        return sum(1 for _ in self.stub.Expand(sent, timeout=TIMEOUT))

    def uploaded(self):
        """64 MiB in one stream of requests, in messages of 1 MiB. The first asks for a status after 63 of them."""
        fault = echo_pb2.Fault(code=10, message="that was all", after_messages=63)
        large = echo_pb2.EchoRequest(payload=bytes(1 << 20))
        requests = [echo_pb2.EchoRequest(payload=large.payload, fault=fault)] + [large] * 63
        try:
            for _ in self.stub.Chat(iter(requests), timeout=TIMEOUT):
                pass
        except grpc.RpcError as error:
            return "64 MiB" if error.details() == "that was all" else f"{error.code().name}: {error.details()}"
        return "64 MiB without a status"

    def at_once(self):
        """Whether a stream's first message comes before its second one is sent."""
        sent = echo_pb2.ExpandRequest(message="x", count=2, interval=duration_pb2.Duration(seconds=30))
        call = self.stub.Expand(sent, timeout=TIMEOUT)
        try:
            next(call)
        except grpc.RpcError:
            return "kept back"
        call.cancel()
        return "at once"

    def in_turn(self):
        """A hundred messages there and back on a stream of both directions."""
        texts = queue.SimpleQueue()
        call = self.stub.Chat(iter(texts.get, None), timeout=TIMEOUT)
        for number in range(100):
            texts.put(echo_pb2.EchoRequest(message=str(number)))
            if next(call).message != str(number):
                return f"another message at {number}"
        texts.put(None)
        return "100" if not list(call) else "too many"

    def _logged(self, wanted, count=1):
        """So many of the wanted calls in the server's access log; a call's line comes after its answer. After TIMEOUT, those
        that there are."""
        end = time.monotonic() + TIMEOUT
        while True:
            lines = [line for line in self.access_log.read_text().splitlines(keepends=True) if line.endswith("\n")]
            calls = list(filter(wanted, (json.loads(line)["fields"] for line in lines)))
            if len(calls) >= count or time.monotonic() > end:
                return calls
            time.sleep(0.01)

    def cancel(self):
        """Whether the server has a call as cancelled that was."""
        size = 30000  # bytes, by which it is found in the log
        call = self.stub.Expand(echo_pb2.ExpandRequest(
            count=2, interval=duration_pb2.Duration(seconds=60), payload=bytes(size)), timeout=TIMEOUT)
        next(call)
        call.cancel()
        ended = self._logged(lambda call: call["method"].endswith("/Expand") and size <= call["bytes_received"] < 2 * size)
        return "reaches the server" if [call["code"] for call in ended] == ["CANCELLED"] else str(ended)

    def connections(self):
        """How many connections to the server 20 calls at a time take."""
        size = 12345  # bytes of each, by which they are found in the log
        request = echo_pb2.EchoRequest(payload=bytes(size), delay=duration_pb2.Duration(seconds=1))
        for call in [self.stub.Echo.future(request, timeout=TIMEOUT) for _ in range(20)]:
            call.result()
        calls = self._logged(lambda call: size <= call["bytes_received"] < 2 * size, 20)
        ids = {call["connection"] for call in calls}
        return "one or a few" if len(ids) <= 4 else f"{len(ids)}"

    def forged(self):
        """What the server sees of an identity that a caller claims."""
        claimed = [("x-client-subject", "CN=root"), ("x-client-address", "203.0.113.7")]
        return " ".join(f"{key}={value.decode()}" for key, value in sorted(self.seen(*claimed)))

    def _by_tls(self, name):
        files = (self.folder / file for file in ("clients-ca.pem", f"{name}.key", f"{name}.pem"))
        credentials = grpc.ssl_channel_credentials(*(file.read_bytes() for file in files))
        options = [("grpc.ssl_target_name_override", NAME), ("grpc.default_authority", NAME)]
        with grpc.secure_channel(self.tls_address, credentials, options) as channel:
            claimed = [("x-client-subject", "CN=root")]
            response = echo_pb2_grpc.EchoStub(channel).WhoAmI(echo_pb2.WhoAmIRequest(), metadata=claimed, timeout=5)
            return " and ".join(entry.value.decode() for entry in response.metadata if entry.key == "x-client-subject")

    def subject(self):
        return self._by_tls("client")

    def stranger(self):
        """A certificate that another authority signed."""
        try:
            return self._by_tls("stranger")
        except grpc.RpcError as error:
            return error.code().name


QUESTIONS = (
    "authority", "uid", "added", "deadline", "no_deadline", "keys", "values", "binary", "metadata_size",
    "initial_metadata", "trailers", "compressed_request", "large", "many", "uploaded", "at_once", "in_turn",
    "cancel", "connections", "forged", "subject", "stranger",
)


def main():
    checks = Checks(*sys.argv[1:])
    for name in QUESTIONS:
        try:
            answer = getattr(checks, name)()
        except grpc.RpcError as error:
            answer = f"{error.code().name}: {error.details()}"
        print(name, answer, sep="\t", flush=True)


if __name__ == "__main__":
    main()
