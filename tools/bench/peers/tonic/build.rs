// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

fn main() -> std::io::Result<()> {
    tonic_prost_build::configure()
        .build_client(false)
        .bytes(".") // payloads are parts of the buffer that was read, not copies
        .compile_protos(&["../../../../proto/udsecho/v1/echo.proto"], &["../../../../proto"])
}
