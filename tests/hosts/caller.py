# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""A client on grpcio that counts its calls, until SIGTERM: caller.py ADDRESS POLICY

Its environment is that of examples/python. Half of its calls go by a channel with the service config POLICY, half by one
without. Each line that it prints is an object, {"work": NAME, "calls": [[BEGAN, MILLISECONDS, STATUS], ...]}. BEGAN is
CLOCK_MONOTONIC's, in seconds; STATUS is gRPC's name of a code, or WRONG for an answer to something else.
"""

import json
import signal
import sys
import threading
import time

import grpc
from google.protobuf import duration_pb2
from udsecho.v1 import echo_pb2, echo_pb2_grpc

TIMEOUT = 10  # seconds
WORKERS = 4  # a channel
PAUSE = 0.005  # seconds between a worker's calls
DELAY = 50_000_000  # nanoseconds that the server takes for every second call: there is always one in flight

stop = threading.Event()
printing = threading.Lock()


def call(stub, number):
    """How it ended."""
    request = echo_pb2.EchoRequest(message=str(number), delay=duration_pb2.Duration(nanos=DELAY * (number % 2)))
    try:
        response = stub.Echo(request, timeout=TIMEOUT, wait_for_ready=True)
    except grpc.RpcError as error:
        return f"{error.code().name}: {error.details()}"
    return "OK" if response.message == request.message else "WRONG"


def work(name, stub):
    calls, told, number = [], time.monotonic(), 0
    while not stop.wait(PAUSE):
        began, number = time.monotonic(), number + 1
        status = call(stub, number)
        calls.append([began, 1000 * (time.monotonic() - began), status])
        if time.monotonic() > told + 0.5:
            tell(name, calls)
            calls, told = [], time.monotonic()
    tell(name, calls)


def tell(name, calls):
    with printing:
        print(json.dumps({"work": name, "calls": calls}), flush=True)


def channel(address, *options):
    # Each has a connection of its own, as two programs would.
    return grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1), *options])


def main():
    address, policy = sys.argv[1:]
    # Waited for, and in no handler: Python's runs once Thread.join comes back, if the signal came just before it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    stubs = {
        "Python, retries": echo_pb2_grpc.EchoStub(channel(address, ("grpc.service_config", policy))),
        "Python": echo_pb2_grpc.EchoStub(channel(address)),
    }
    threads = [threading.Thread(target=work, args=item) for item in stubs.items() for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    signal.sigwait({signal.SIGTERM})
    stop.set()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
