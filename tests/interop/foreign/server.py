#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
"""The services of things.proto on grpcio, with its reflection (v1alpha) or without.

    server.py ADDRESS... [--no_reflection]

Prints "serving" and the ports it was given (0 for a Unix socket), and serves until its standard input ends.
"""

import concurrent.futures
import sys

import grpc
import legacy_pb2
import things_pb2
import things_pb2_grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, status_pb2
from grpc_reflection.v1alpha import reflection
from grpc_status import rpc_status


class Things(things_pb2_grpc.ThingsServicer):
    def Get(self, request, context):
        return request

    def Repeat(self, request, context):
        yield from request.children

    def Collect(self, requests, context):
        return things_pb2.Thing(name="all", children=list(requests))

    def Talk(self, requests, context):
        yield from requests

    def Fail(self, request, context):
        detail = any_pb2.Any()
        detail.Pack(request)
        context.abort_with_status(rpc_status.to_status(
            status_pb2.Status(code=code_pb2.NOT_FOUND, message=request.name, details=[detail])
        ))


class Legacies(things_pb2_grpc.LegaciesServicer):
    def Get(self, request, context):
        request.Extensions[legacy_pb2.nickname] = "nick"
        request.entry.add(key="k")
        return request


def main():
    addresses = [argument for argument in sys.argv[1:] if argument != "--no_reflection"]
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    things_pb2_grpc.add_ThingsServicer_to_server(Things(), server)
    things_pb2_grpc.add_LegaciesServicer_to_server(Legacies(), server)
    if "--no_reflection" not in sys.argv:
        services = things_pb2.DESCRIPTOR.services_by_name.values()
        reflection.enable_server_reflection(
            [*(service.full_name for service in services), reflection.SERVICE_NAME], server
        )
    ports = [server.add_insecure_port(address) for address in addresses]
    server.start()
    print("serving", *(0 if address.startswith("unix:") else port
                       for address, port in zip(addresses, ports)), flush=True)
    sys.stdin.read()
    server.stop(None).wait()


if __name__ == "__main__":
    main()
