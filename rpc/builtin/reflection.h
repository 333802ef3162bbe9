// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Server reflection, v1 and v1alpha: how grpcurl, buf curl and other tools learn a server's methods
// without its .proto.
//
// The answers come from the descriptors that the program is linked with. A file's dependencies are
// sent with it, each once in a stream. What an Any may hold is no dependency of its file; tools
// that look no further than what they are sent find it among the files that go with Any's own.
//
// Thread safety: as Service. `services` and `for_any` are read while calls are handled and must not
// change then.

#ifndef RPC_BUILTIN_REFLECTION_H_
#define RPC_BUILTIN_REFLECTION_H_

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "rpc/call/stream_calls.h"
#include "rpc/service.h"

namespace rpc {

// The two versions differ in their package alone.
struct ReflectionV1 {
  static constexpr char kService[] = "grpc.reflection.v1.ServerReflection";
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
};

struct ReflectionV1Alpha {
  static constexpr char kService[] = "grpc.reflection.v1alpha.ServerReflection";
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
};

using DescribedFiles = std::vector<const google::protobuf::FileDescriptor*>;

template <class Version>
class Reflection final : public Service {
 public:
  using Request = typename Version::Request;
  using Response = typename Version::Response;

  // `services`: the full names to list. `for_any`: see Server::Describe(). Both are borrowed.
  Reflection(const std::vector<std::string>* services, const DescribedFiles* for_any)
      : Service(Version::kService), services_(services), for_any_(for_any) {
    Handle("ServerReflectionInfo", &Reflection::Info);
  }

 private:
  using Files = std::set<const google::protobuf::FileDescriptor*>;

  Task Info(BidiCall<Request, Response>& call);

  Response Answer(const Request& request, Files* sent) const;
  void AddFile(const google::protobuf::FileDescriptor* file, Files* sent, Response* response) const;
  void AddFileOrError(const google::protobuf::FileDescriptor* file, absl::string_view what,
                      absl::string_view name, Files* sent, Response* response) const;
  void ListServices(Response* response) const;

  const std::vector<std::string>* const services_;
  const DescribedFiles* const for_any_;
};

extern template class Reflection<ReflectionV1>;
extern template class Reflection<ReflectionV1Alpha>;

}  // namespace rpc

#endif  // RPC_BUILTIN_REFLECTION_H_
