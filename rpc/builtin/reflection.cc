// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/builtin/reflection.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"

namespace rpc {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

const DescriptorPool& Pool() { return *DescriptorPool::generated_pool(); }

// No name of a .proto is as long. The pool looks for a name in time that grows with the square of
// its dots: 200 KB of them would keep the thread for seconds.
constexpr std::size_t kLongestName = 1024;

bool CanBeAName(absl::string_view name) { return name.size() <= kLongestName; }

template <class Response>
void NotFound(absl::string_view what, absl::string_view name, Response* response) {
  if (!CanBeAName(name)) name = "so long";
  auto* error = response->mutable_error_response();
  error->set_error_code(static_cast<int>(absl::StatusCode::kNotFound));
  error->set_error_message(
      absl::StrCat("no ", what, " named ", name, " is linked into this server"));
}

const FileDescriptor* FileWithSymbol(const std::string& symbol) {
  return CanBeAName(symbol) ? Pool().FindFileContainingSymbol(symbol) : nullptr;
}

template <class Request>
const FileDescriptor* FileWithExtension(const Request& request) {
  if (!CanBeAName(request.containing_type())) return nullptr;
  const auto* type = Pool().FindMessageTypeByName(request.containing_type());
  if (type == nullptr) return nullptr;
  const FieldDescriptor* field = Pool().FindExtensionByNumber(type, request.extension_number());
  return field == nullptr ? nullptr : field->file();
}

template <class Response>
void ListExtensions(const std::string& type_name, Response* response) {
  const auto* type = CanBeAName(type_name) ? Pool().FindMessageTypeByName(type_name) : nullptr;
  if (type == nullptr) return NotFound("message type", type_name, response);
  std::vector<const FieldDescriptor*> extensions;
  Pool().FindAllExtensions(type, &extensions);
  auto* numbers = response->mutable_all_extension_numbers_response();
  numbers->set_base_type_name(type_name);
  for (const FieldDescriptor* extension : extensions) {
    numbers->add_extension_number(extension->number());
  }
}

}  // namespace

// `file` and, depth first, those of its dependencies that were not sent yet.
template <class Version>
void Reflection<Version>::AddFile(const FileDescriptor* file, Files* sent,
                                  Response* response) const {
  sent->insert(file);
  google::protobuf::FileDescriptorProto proto;
  file->CopyTo(&proto);
  file->CopyJsonNameTo(&proto);  // tools that do not make them up print the fields' own names
  response->mutable_file_descriptor_response()->add_file_descriptor_proto(
      proto.SerializeAsString());
  for (int i = 0; i < file->dependency_count(); ++i) {
    const FileDescriptor* dependency = file->dependency(i);
    if (!sent->contains(dependency)) AddFile(dependency, sent, response);
  }
  if (file->name() != "google/protobuf/any.proto") return;
  for (const FileDescriptor* held : *for_any_) {
    if (!sent->contains(held)) AddFile(held, sent, response);
  }
}

template <class Version>
void Reflection<Version>::AddFileOrError(const FileDescriptor* file, absl::string_view what,
                                         absl::string_view name, Files* sent,
                                         Response* response) const {
  if (file == nullptr) {
    NotFound(what, name, response);
  } else {
    AddFile(file, sent, response);
  }
}

template <class Version>
void Reflection<Version>::ListServices(Response* response) const {
  auto* list = response->mutable_list_services_response();
  for (const std::string& name : *services_) list->add_service()->set_name(name);
}

template <class Version>
auto Reflection<Version>::Answer(const Request& request, Files* sent) const -> Response {
  Response response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kListServices:
      ListServices(&response);
      break;
    case Request::kFileByFilename:
      AddFileOrError(Pool().FindFileByName(request.file_by_filename()), "file",
                     request.file_by_filename(), sent, &response);
      break;
    case Request::kFileContainingSymbol:
      AddFileOrError(FileWithSymbol(request.file_containing_symbol()), "symbol",
                     request.file_containing_symbol(), sent, &response);
      break;
    case Request::kFileContainingExtension: {
      const auto& extension = request.file_containing_extension();
      AddFileOrError(FileWithExtension(extension), "extension",
                     absl::StrCat(extension.containing_type(), " ", extension.extension_number()),
                     sent, &response);
      break;
    }
    case Request::kAllExtensionNumbersOfType:
      ListExtensions(request.all_extension_numbers_of_type(), &response);
      break;
    case Request::MESSAGE_REQUEST_NOT_SET:
      auto* error = response.mutable_error_response();
      error->set_error_code(static_cast<int>(absl::StatusCode::kInvalidArgument));
      error->set_error_message("the request asks for nothing this server knows");
      break;
  }
  return response;
}

template <class Version>
Task Reflection<Version>::Info(BidiCall<Request, Response>& call) {
  // A client that keeps its stream open to ask again later does not hold up the end.
  call.EndWhenDraining(absl::UnavailableError("the server is draining; connect again"));
  Files sent;
  Request request;
  while (co_await call.Read(&request)) {
    if (!co_await call.Write(Answer(request, &sent))) break;
  }
  co_await call.Finish(absl::OkStatus());
}

template class Reflection<ReflectionV1>;
template class Reflection<ReflectionV1Alpha>;

}  // namespace rpc
