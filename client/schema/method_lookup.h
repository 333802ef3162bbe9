// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A method by its name, or by the end of it.
//
//   absl::StatusOr<const google::protobuf::MethodDescriptor*> method = FindMethod("Hello", &schema);
//   Call(MethodPath(**method));   // "/demo.Greeter/Hello"
//
// Thread safety: free functions without state.

#ifndef CLIENT_SCHEMA_METHOD_LOOKUP_H_
#define CLIENT_SCHEMA_METHOD_LOOKUP_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/schema/schema.h"
#include "google/protobuf/descriptor.h"

namespace udsecho::client {

// "demo.Greeter/Hello", "demo.Greeter.Hello", "Greeter/Hello" or "Hello": what is whole is looked up alone,
// what is not must fit one method of all services. NOT_FOUND with those that are near; INVALID_ARGUMENT
// with those that fit, if there are several; the errors of Schema.
absl::StatusOr<const google::protobuf::MethodDescriptor*> FindMethod(const std::string& typed,
                                                                     Schema* schema);

// Those of all services that can be understood. The errors of Schema.
absl::StatusOr<std::vector<const google::protobuf::MethodDescriptor*>> AllMethods(Schema* schema);

// "demo.Greeter/Hello"
std::string MethodName(const google::protobuf::MethodDescriptor& method);

// "/demo.Greeter/Hello", as HTTP/2 has it.
std::string MethodPath(const google::protobuf::MethodDescriptor& method);

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_METHOD_LOOKUP_H_
