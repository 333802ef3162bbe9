// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The descriptor set of the Echo service, as protoc --descriptor_set_out makes it: for --protoset.

#ifndef TESTS_CLIENT_ECHO_PROTOSET_H_
#define TESTS_CLIENT_ECHO_PROTOSET_H_

#include <string>

namespace udsecho::client {

std::string EchoProtoset();

}  // namespace udsecho::client

#endif  // TESTS_CLIENT_ECHO_PROTOSET_H_
