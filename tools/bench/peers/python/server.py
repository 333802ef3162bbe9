# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

"""The Echo service on grpc.aio and uvloop: python server.py SOCKET_PATH"""

import asyncio
import sys

import grpc
import uvloop
from udsecho.v1 import echo_pb2, echo_pb2_grpc

MAX_MESSAGE = 16 << 20


def reply(request):
    return echo_pb2.EchoResponse(message=request.message, payload=request.payload)


def expansion(request):
    if not request.HasField("count"):
        for word in request.message.split():
            yield echo_pb2.EchoResponse(message=word, payload=request.payload)
        return
    response = reply(request)
    for _ in range(request.count):
        yield response


class Echo(echo_pb2_grpc.EchoServicer):
    async def Echo(self, request, context):
        return reply(request)

    async def Expand(self, request, context):
        interval = request.interval.ToTimedelta().total_seconds()
        for index, response in enumerate(expansion(request)):
            if interval > 0 and index > 0:
                await asyncio.sleep(interval)
            yield response

    async def Collect(self, request_iterator, context):
        requests = [request async for request in request_iterator]
        message = "".join(request.message for request in requests)
        payload = b"".join(request.payload for request in requests)
        return echo_pb2.CollectResponse(
            message=message,
            payload=payload,
            count=len(requests),
            bytes=len(message.encode()) + len(payload),
        )

    async def Chat(self, request_iterator, context):
        async for request in request_iterator:
            yield reply(request)


async def serve(path):
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", MAX_MESSAGE)])
    echo_pb2_grpc.add_EchoServicer_to_server(Echo(), server)
    server.add_insecure_port(f"unix:{path}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: server.py SOCKET_PATH")
    uvloop.run(serve(sys.argv[1]))
