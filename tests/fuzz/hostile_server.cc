// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The client, from its command line to what it prints, against a server that answers each call with what
// the input says: header, messages of any bytes, status, details, trailers.
//
// The input: a byte for what the client asks; the status; texts for its message and details, and for a
// field of the header and one of the trailers; then messages, a text each.

#include <grpc/grpc.h>
#include <grpc/slice.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "google/protobuf/stubs/logging.h"
#include "nlohmann/json.hpp"
#include "tests/client/run_client.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/printable.h"
#include "tests/support/temp_dir.h"

namespace udsecho::fuzz {
namespace {

// Of texts that are not UTF-8.
[[maybe_unused]] const auto kQuiet = google::protobuf::SetLogHandler(nullptr);

struct Answer {
  grpc::Status status;
  std::string header;
  std::string trailer;
  std::vector<std::string> messages;
};

// Writes the answer's messages, and ends.
class Call final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Call(Answer answer) : answer_(std::move(answer)) { OnWriteDone(true); }

  void OnWriteDone(bool ok) override {
    if (!ok || next_ == answer_.messages.size()) return Finish(answer_.status);
    const grpc::Slice slice(answer_.messages[next_++]);
    bytes_ = grpc::ByteBuffer(&slice, 1);
    StartWrite(&bytes_);
  }
  void OnDone() override { delete this; }

 private:
  const Answer answer_;
  std::size_t next_ = 0;
  grpc::ByteBuffer bytes_;
};

class Server final : public grpc::CallbackGenericService {
 public:
  Server() {
    grpc_init();  // and never shut down, which would take as long as many inputs
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + path(), grpc::InsecureServerCredentials());
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart().release();
  }

  std::string path() const { return dir_.Path("s"); }
  void Set(Answer answer) {
    const std::lock_guard<std::mutex> lock(mutex_);
    answer_ = std::move(answer);
  }

 private:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    // What is not legal would end this process, which gRPC's servers do then.
    if (IsLegal(answer_.header)) context->AddInitialMetadata("x-header", answer_.header);
    if (IsLegal(answer_.trailer)) context->AddTrailingMetadata("x-trailer", answer_.trailer);
    context->AddTrailingMetadata("x-bin", answer_.trailer);
    return new Call(answer_);
  }
  static bool IsLegal(const std::string& value) {
    return grpc_header_nonbin_value_is_legal(
               grpc_slice_from_static_buffer(value.data(), value.size())) != 0;
  }

  support::TempDir dir_;
  grpc::Server* server_;
  std::mutex mutex_;
  Answer answer_;
};

const std::vector<std::vector<std::string>> kQuestions = {
    {"hi"},
    {"hi", "--json"},
    {"--shape=expand", "hi"},
    {"--shape=collect", "hi"},
    {"--list"},
    {"--list", "--json"},
    {"--whoami"},
    {"--whoami", "--json"},
    {"--stats"},
    {"--stats", "--json"},
    {"--connections"},
    {"--connections", "--json"},
    {"--health"},
    {"--shutdown"},
    {"hi", "--verbose"},
    {"hi", "--interval=0", "--count=2"},
    {"--shape=chat", "hi", "--json"},
    {"--shape=expand", "hi", "--json", "--count=3"},
};

void Check(const std::vector<std::string>& question, const client::Ended& ended) {
  const auto has = [&question](const std::string& argument) {
    return std::find(question.begin(), question.end(), argument) != question.end();
  };
  for (const absl::string_view line : absl::StrSplit(ended.out, '\n')) {
    if (has("--json")) {
      EXPECT_TRUE(line.empty() || nlohmann::json::accept(line.begin(), line.end())) << line;
    } else if (!has("hi")) {  // else messages are printed as they are
      EXPECT_TRUE(IsPrintableLine(line)) << line;
    }
  }
  for (const absl::string_view line : absl::StrSplit(ended.err, '\n')) {
    EXPECT_TRUE(IsPrintableLine(line)) << line;
  }
  EXPECT_TRUE(ended.exit_code <= 4 || (ended.exit_code > 64 && ended.exit_code <= 80))
      << ended.exit_code;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto* const kServer = new Server;
  Input in(data, size);
  const std::size_t which = in.Below(static_cast<unsigned>(kQuestions.size()));
  const int code = in.Byte() % 32;
  const std::string message = in.Text();
  const std::string details = in.Text();
  Answer answer;
  answer.status = grpc::Status(static_cast<grpc::StatusCode>(code), message, details);
  answer.header = in.Text();
  answer.trailer = in.Text();
  while (!in.empty()) answer.messages.push_back(in.Text());
  kServer->Set(std::move(answer));

  std::vector<std::string> arguments = kQuestions[which];
  // gRPC's client waits for the end behind a second reply, which is not read, for as long as it may.
  arguments.insert(arguments.begin(), {kServer->path(), "--timeout=500ms"});
  Check(arguments, client::RunClient(arguments));
  return 0;
}

}  // namespace udsecho::fuzz
