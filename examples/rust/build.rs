// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

fn main() -> std::io::Result<()> {
    tonic_prost_build::configure()
        .build_server(false)
        .compile_protos(&["../../proto/udsecho/v1/echo.proto"], &["../../proto"])
}
