// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/ask/reflected_services.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/timed_queue.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor_database.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace udsecho::client {
namespace {

namespace pb = google::protobuf;

// One stream of questions and answers.
template <class Service, class Request, class Response>
class Conversation {
 public:
  // `timeout` is for each answer.
  Conversation(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout,
               grpc::ClientContext* context)
      : timeout_(timeout),
        queue_(context),
        stub_(Service::NewStub(channel)),
        stream_(stub_->PrepareAsyncServerReflectionInfo(context, queue_.queue())) {
    stream_->StartCall(queue_.Tag());
    ok_ = queue_.Await(timeout_);
  }

  bool Ask(const Request& request, Response* response) {
    if (!ok_) return false;
    stream_->Write(request, queue_.Tag());
    ok_ = queue_.Await(timeout_) && Read(response);
    return ok_;
  }

  grpc::Status Finish() {
    if (ok_) {
      stream_->WritesDone(queue_.Tag());
      queue_.Await(timeout_);
      Response rest;
      while (Read(&rest)) {
      }
    }
    grpc::Status status;
    stream_->Finish(&status, queue_.Tag());
    queue_.Await(timeout_);
    return AfterTimeout(status, queue_.timed_out(), timeout_);
  }

  // The files that declare a symbol, put into `database`.
  void Fetch(const std::string& symbol, pb::SimpleDescriptorDatabase* database) {
    Request request;
    request.set_file_containing_symbol(symbol);
    Response response;
    if (!Ask(request, &response)) return;
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      pb::FileDescriptorProto file;
      pb::FileDescriptorProto known;
      if (!file.ParseFromString(bytes) || database->FindFileByName(file.name(), &known)) continue;
      database->Add(file);
    }
  }

 private:
  bool Read(Response* response) {
    stream_->Read(response, queue_.Tag());
    return queue_.Await(timeout_);
  }

  const absl::Duration timeout_;
  bool ok_ = false;  // the stream still goes on
  TimedQueue queue_;
  std::unique_ptr<typename Service::Stub> stub_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<Request, Response>> stream_;
};

std::string MethodText(const pb::MethodDescriptorProto& method) {
  const auto type = [](bool streams, const std::string& name) {
    return absl::StrCat(streams ? "stream " : "",
                        name.substr(name.empty() || name[0] != '.' ? 0 : 1));
  };
  return absl::StrCat(method.name(), "(", type(method.client_streaming(), method.input_type()),
                      ") returns (", type(method.server_streaming(), method.output_type()), ")");
}

// Of the service in the file that declares it. Nothing is linked together, so that nothing is
// missing and nothing that the server says can be inconsistent.
std::vector<std::string> Methods(const std::string& name, pb::SimpleDescriptorDatabase* database) {
  std::vector<std::string> methods;
  pb::FileDescriptorProto file;
  if (!database->FindFileContainingSymbol(name, &file)) return methods;
  const std::string prefix = file.package().empty() ? "" : absl::StrCat(file.package(), ".");
  for (const pb::ServiceDescriptorProto& service : file.service()) {
    if (absl::StrCat(prefix, service.name()) != name) continue;
    for (const pb::MethodDescriptorProto& method : service.method()) {
      methods.push_back(MethodText(method));
    }
  }
  return methods;
}

template <class Service, class Request, class Response>
grpc::Status List(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout,
                  grpc::ClientContext* context, std::vector<ReflectedService>* services) {
  Conversation<Service, Request, Response> conversation(channel, timeout, context);
  Request request;
  request.set_list_services("");
  Response response;
  pb::SimpleDescriptorDatabase database;
  if (conversation.Ask(request, &response)) {
    for (const auto& service : response.list_services_response().service()) {
      conversation.Fetch(service.name(), &database);
      services->push_back({service.name(), Methods(service.name(), &database)});
    }
  }
  std::sort(services->begin(), services->end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return conversation.Finish();
}

}  // namespace

grpc::Status ListServices(const std::shared_ptr<grpc::Channel>& channel, Reflection version,
                          absl::Duration timeout, grpc::ClientContext* context,
                          std::vector<ReflectedService>* services) {
  services->clear();
  if (version == Reflection::kV1) {
    namespace v1 = grpc::reflection::v1;
    return List<v1::ServerReflection, v1::ServerReflectionRequest, v1::ServerReflectionResponse>(
        channel, timeout, context, services);
  }
  namespace v1alpha = grpc::reflection::v1alpha;
  return List<v1alpha::ServerReflection, v1alpha::ServerReflectionRequest,
              v1alpha::ServerReflectionResponse>(channel, timeout, context, services);
}

}  // namespace udsecho::client
