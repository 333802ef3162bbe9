// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/reflection_source.h"

#include <algorithm>
#include <utility>

#include "client/monotonic.h"
#include "client/schema/file_budget.h"
#include "client/schema/parts.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

constexpr char kV1[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr char kV1Alpha[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

absl::Status ToAbsl(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      uds::Printable(status.error_message()));
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "";
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

}  // namespace

// One stream of questions and answers.
class ReflectionSource::Stream {
 public:
  Stream(const std::shared_ptr<grpc::Channel>& channel, const char* method,
         const CallOptions& options, Interrupt* interrupt)
      : timeout_(options.timeout), queue_(&context_), interrupted_by_(interrupt, &context_) {
    SetUp(options, &context_);
    Start(channel, method);
  }
  ~Stream() {
    if (!finished_ && ok_) HalfClose();
    if (!finished_) Finish();
  }

  // The answer, or what the stream ended with.
  absl::StatusOr<Response> Ask(const Request& request) {
    grpc::ByteBuffer response;
    if (ok_) {
      stream_->Write(request, queue_.Tag());
      ok_ = queue_.Await(timeout_);
    }
    if (ok_) {
      stream_->Read(&response, queue_.Tag());
      ok_ = queue_.Await(timeout_);
    }
    if (ok_) return Parsed(response);
    absl::Status status = ToAbsl(Finish());
    if (!status.ok()) return status;
    return absl::UnavailableError("the server ended the reflection without an answer");
  }

 private:
  using Stub = grpc::TemplatedGenericStub<Request, grpc::ByteBuffer>;

  void Start(const std::shared_ptr<grpc::Channel>& channel, const char* method) {
    stream_ = Stub(channel).PrepareCall(&context_, method, queue_.queue());
    stream_->StartCall(queue_.Tag());
    ok_ = queue_.Await(timeout_);
  }

  // Ten bytes of it may be a hundred in memory.
  static absl::StatusOr<Response> Parsed(const grpc::ByteBuffer& buffer) {
    constexpr size_t kMostParts = FileBudget::kMostParts;
    const std::string bytes = buffer.Length() > kMostBytes ? "" : BytesOf(buffer);
    Response response;
    if (buffer.Length() > kMostBytes ||
        CountParts(bytes, *Response::descriptor(), kMostParts + 1) > kMostParts) {
      return absl::ResourceExhaustedError("the server's description is too large");
    }
    if (response.ParseFromString(bytes)) return response;
    return absl::InternalError("what the server says of itself cannot be parsed");
  }
  static constexpr size_t kMostBytes = 2 * FileBudget::kMostBytes;

  // So that the server sees an end, and no call that was given up.
  void HalfClose() {
    stream_->WritesDone(queue_.Tag());
    if (!queue_.Await(timeout_)) return;
    grpc::ByteBuffer unasked;
    stream_->Read(&unasked, queue_.Tag());
    if (queue_.Await(timeout_)) context_.TryCancel();
  }

  grpc::Status Finish() {
    if (finished_) return status_;
    finished_ = true;
    stream_->Finish(&status_, queue_.Tag());
    queue_.Await(timeout_);
    status_ = AfterTimeout(status_, queue_.timed_out(), timeout_);
    return status_;
  }

  const absl::Duration timeout_;
  grpc::ClientContext context_;
  TimedQueue queue_;
  const InterruptedBy interrupted_by_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<Request, grpc::ByteBuffer>> stream_;
  bool ok_ = false;  // the stream goes on
  bool finished_ = false;
  grpc::Status status_;  // once finished_
};

ReflectionSource::ReflectionSource(std::shared_ptr<grpc::Channel> channel,
                                   const CallOptions& options, Interrupt* interrupt)
    : channel_(std::move(channel)), options_(options), interrupt_(*interrupt), version_(kV1) {}

ReflectionSource::~ReflectionSource() = default;

// Adds the time that it lives.
class ReflectionSource::Spending {
 public:
  explicit Spending(absl::Duration* spent) : spent_(*spent) {}
  ~Spending() { spent_ += MonotonicNow() - begin_; }

 private:
  absl::Duration& spent_;
  const MonotonicTime begin_ = MonotonicNow();
};

absl::StatusOr<ReflectionSource::Response> ReflectionSource::Ask(const Request& request) {
  if (stream_ == nullptr) {
    stream_ = std::make_unique<Stream>(channel_, version_, options_, &interrupt_);
  }
  if (spent_ > kMostTimeouts * options_.timeout) {
    return absl::DeadlineExceededError(absl::StrCat(
        "the server took more than ", absl::FormatDuration(kMostTimeouts * options_.timeout),
        " to describe itself"));
  }
  const Spending spending(&spent_);
  absl::StatusOr<Response> response = stream_->Ask(request);
  const bool is_older = response.status().code() == absl::StatusCode::kUnimplemented;
  if (!is_older || version_ != kV1) return response;
  version_ = kV1Alpha;
  stream_ = std::make_unique<Stream>(channel_, version_, options_, &interrupt_);
  return stream_->Ask(request);
}

void ReflectionSource::Rest() { stream_.reset(); }

absl::StatusOr<std::vector<std::string>> ReflectionSource::Services() {
  Request request;
  request.set_list_services("*");
  const absl::StatusOr<Response> response = Ask(request);
  if (!response.ok()) return response.status();
  if (!response->has_list_services_response()) {
    const auto& error = response->error_response();
    const auto code = static_cast<absl::StatusCode>(error.error_code());
    if (code == absl::StatusCode::kOk || code > absl::StatusCode::kUnauthenticated) {
      return absl::InternalError("the server answers something else than its services");
    }
    return absl::Status(code, uds::Printable(error.error_message()));
  }
  std::vector<std::string> names;
  for (const auto& service : response->list_services_response().service()) {
    names.push_back(service.name());
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<FileSource::Files> ReflectionSource::FilesOf(const std::string& symbol) {
  Request request;
  request.set_file_containing_symbol(symbol);
  return AskForFiles(request);
}

absl::StatusOr<FileSource::Files> ReflectionSource::FileNamed(const std::string& name) {
  Request request;
  request.set_file_by_filename(name);
  return AskForFiles(request);
}

absl::StatusOr<FileSource::Files> ReflectionSource::AskForFiles(const Request& request) {
  absl::StatusOr<Response> response = Ask(request);
  if (!response.ok()) return response.status();
  if (response->has_file_descriptor_response()) {
    auto& files = *response->mutable_file_descriptor_response()->mutable_file_descriptor_proto();
    return Files(std::make_move_iterator(files.begin()), std::make_move_iterator(files.end()));
  }
  // Servers answer an unknown name with various codes; all of them mean that it is not there.
  return absl::NotFoundError(uds::Printable(response->error_response().error_message()));
}

}  // namespace udsecho::client
