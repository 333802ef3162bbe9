#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
#
# Generates echopb/ from the .proto; go.mod pins the plugins.
set -eu
options=module=udsecho-peer,Mudsecho/v1/echo.proto=udsecho-peer/echopb
protoc -I../../../../proto \
  --plugin="$(go tool -n protoc-gen-go)" --go_out=. --go_opt="$options" \
  --plugin="$(go tool -n protoc-gen-go-grpc)" --go-grpc_out=. --go-grpc_opt="$options" \
  udsecho/v1/echo.proto
