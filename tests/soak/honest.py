# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""An honest client on grpcio that counts its answers, until SIGTERM: honest.py SOCKET

Its environment is that of examples/python. Each kind of work has a thread; each line that it prints is an object:
{"at": TIME, "work": NAME, "ms": [how long each answer took]}        once a second or so
{"at": TIME, "work": NAME, "since": TIME, "lost": STATUS}            a call that was not answered
{"at": TIME, "work": NAME, "since": TIME, "wrong": WHAT}             an answer to something else
TIME is CLOCK_MONOTONIC's, in seconds. Calls wait for a server that is not there.
"""

import faulthandler
import json
import os
import signal
import sys
import threading
import time

import grpc
from google.protobuf import duration_pb2
from udsecho.v1 import echo_pb2, echo_pb2_grpc

TIMEOUT = 30  # seconds
LARGE = os.urandom(1 << 20)
MANY = 20  # messages a stream

stop = threading.Event()
printing = threading.Lock()


class Wrong(Exception):
    pass


def expect(actual, expected):
    if actual != expected:
        raise Wrong(f"{str(actual)[:500]} instead of {str(expected)[:500]}")


def expect_code(code, call):
    try:
        call()
    except grpc.RpcError as error:
        if error.code() != code:
            raise
    else:
        raise Wrong(f"no {code}")


def request(text, delay=0, payload=b""):
    return echo_pb2.EchoRequest(message=text, payload=payload, delay=duration_pb2.Duration(seconds=delay))


class Client:
    """stub sends a call again by itself if the server said with GOAWAY that it has not begun it. streams does not: of streams
    that it sends again, grpcio 1.85 loses messages (docs/clients.md)."""

    def __init__(self, path):
        self._target = f"unix:{path}"
        self._channels = self.channel(), self.channel(("grpc.enable_retries", 0))
        self.stub, self.streams = map(echo_pb2_grpc.EchoStub, self._channels)

    def channel(self, *options):
        return grpc.insecure_channel(self._target, options=[
            *options,
            ("grpc.use_local_subchannel_pool", 1),  # a connection of its own
            ("grpc.max_reconnect_backoff_ms", 200), ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 100),
            # A call that comes while the server drains is sent again, unless it is longer than this: 256 KiB.
            ("grpc.per_rpc_retry_buffer_size", 4 << 20),
        ])


OPTIONS = {"timeout": TIMEOUT, "wait_for_ready": True}


def unary(client, number):
    compression = (None, grpc.Compression.Gzip, grpc.Compression.Deflate)[number % 3]
    text = f"unary {number}"
    expect(client.stub.Echo(request(text), compression=compression, **OPTIONS).message, text)


def large(client, number):
    text = f"large {number}"
    response = client.stub.Echo(request(text, payload=LARGE), **OPTIONS)
    expect(response.message, text)
    if response.payload != LARGE:
        raise Wrong("another payload")


def again_if_refused(call):
    while True:
        try:
            return call()
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE or "GOAWAY" not in error.details():
                raise


def chat(client, number):
    texts = [f"chat {number}.{i}" for i in range(MANY)]
    responses = again_if_refused(lambda: list(client.streams.Chat(map(request, texts), **OPTIONS)))
    expect([response.message for response in responses], texts)


def expand(client, number):
    sent = echo_pb2.ExpandRequest(message=f"expand {number}", count=MANY)
    expect([response.message for response in client.stub.Expand(sent, **OPTIONS)], [sent.message] * MANY)


def collect(client, number):
    texts = [f"collect {number}.{i}" for i in range(MANY)]
    response = again_if_refused(lambda: client.streams.Collect(map(request, texts), **OPTIONS))
    expect(response.message, "".join(texts))


def cancel(client, number):
    call = client.stub.Echo.future(request(f"cancel {number}", delay=3600), **OPTIONS)
    time.sleep(0.005 * (number % 5))  # before, while or after the server has it
    call.cancel()
    if not call.cancelled():
        raise Wrong(f"{call.result()} instead of a cancelled call")  # or a status, as an RpcError


def deadline(client, number):
    late = {**OPTIONS, "timeout": 0.05}
    expect_code(grpc.StatusCode.DEADLINE_EXCEEDED,
                lambda: client.stub.Echo(request(f"late {number}", delay=3600), **late))


def reconnect(client, number):
    with client.channel() as channel:
        text = f"reconnect {number}"
        expect(echo_pb2_grpc.EchoStub(channel).Echo(request(text), **OPTIONS).message, text)


# And the seconds between two of them.
WORKS = {unary: 0.005, large: 0.2, chat: 0.05, expand: 0.05, collect: 0.05, cancel: 0.02, deadline: 0.02,
         reconnect: 0.2}


def tell(**fields):
    with printing:
        print(json.dumps({"at": time.monotonic(), **fields}), flush=True)


def work(client, function, pause):
    name, times, told = f"python {function.__name__}", [], time.monotonic()
    number = 0
    while not stop.is_set():
        number += 1
        since = time.monotonic()
        try:
            function(client, number)
            times.append(round(1000 * (time.monotonic() - since), 3))
        except grpc.RpcError as error:
            tell(work=name, since=since, lost=f"{error.code()}: {error.details()}")
        except Wrong as wrong:
            tell(work=name, since=since, wrong=str(wrong))
        if time.monotonic() > told + 1:
            tell(work=name, ms=times)
            times, told = [], time.monotonic()
        stop.wait(pause)
    tell(work=name, ms=times)


def main():
    faulthandler.register(signal.SIGQUIT)  # where it hangs, if it does
    # Waited for, and in no handler: Python's runs once Thread.join comes back, if the signal came just before it.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    client = Client(sys.argv[1])
    threads = [threading.Thread(target=work, args=(client, *each)) for each in WORKS.items()]
    for thread in threads:
        thread.start()
    signal.sigwait(ends)
    stop.set()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
