// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/security/honest_client.h"

#include <grpcpp/create_channel_posix.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/other_user.h"
#include "tests/support/patience.h"

namespace udsecho::security {
namespace {

using integration::Answer;
using integration::ChatStream;

// Of the calls, every so manieth comes over a connection of its own, or is a large one.
constexpr int kNewConnectionEvery = 8;
constexpr int kLargeEvery = 16;
constexpr std::size_t kLarge = 100'000;

std::string Describe(const grpc::Status& status) {
  return absl::StrCat("status ", status.error_code(), ": ", status.error_message());
}

}  // namespace

std::shared_ptr<grpc::Channel> ChannelAs(uid_t uid, const std::string& path) {
  uds::UniqueFd fd = support::ConnectAs(uid, path);
  if (!fd.valid()) return nullptr;
  return grpc::CreateInsecureChannelFromFd("localhost", fd.release());
}

// What lasts: a connection with a stream on it.
class HonestClient::Session {
 public:
  explicit Session(std::shared_ptr<grpc::Channel> channel)
      : channel_(std::move(channel)),
        stub_(v1::Echo::NewStub(channel_)),
        stream_(stub_->Chat(&context_)) {}
  ~Session() {
    context_.TryCancel();
    if (!finished_) stream_->Finish();
  }

  // Each gives how it was lost, or nothing.
  std::optional<std::string> Call(const std::string& text) const {
    return CallOver(channel_, text);
  }
  std::optional<std::string> Say(const std::string& text) {
    if (integration::Say(stream_.get(), text) == text) return std::nullopt;
    finished_ = true;
    return absl::StrCat("the stream: ", Describe(stream_->Finish()));
  }

  static std::optional<std::string> CallOver(const std::shared_ptr<grpc::Channel>& channel,
                                             const std::string& text) {
    if (channel == nullptr) return absl::StrCat("no connection: ", std::strerror(errno));
    const Answer answer = integration::Echo(channel, integration::Message(text));
    if (!answer.status.ok()) return Describe(answer.status);
    if (answer.response.message() != text) return "a wrong answer";
    return std::nullopt;
  }

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Echo::Stub> stub_;
  grpc::ClientContext context_;
  const std::unique_ptr<ChatStream> stream_;
  bool finished_ = false;
};

HonestClient::HonestClient(uid_t uid, std::string path)
    : uid_(uid), path_(std::move(path)), thread_(&HonestClient::Run, this) {}

void HonestClient::Run() {
  std::shared_ptr<grpc::Channel> channel = ChannelAs(uid_, path_);
  if (channel == nullptr) return Lost(absl::StrCat("no connection: ", std::strerror(errno)));
  Session session(std::move(channel));
  for (int i = 1; !stop_; ++i) {
    const std::string text =
        absl::StrCat("honest ", i, std::string(i % kLargeEvery == 0 ? kLarge : 0, '.'));
    const auto start = std::chrono::steady_clock::now();
    std::optional<std::string> loss = session.Call(text);
    if (!loss.has_value()) loss = session.Say(text);
    if (!loss.has_value() && i % kNewConnectionEvery == 0) {
      loss = Session::CallOver(ChannelAs(uid_, path_), text);
      if (loss.has_value()) loss = "over a new connection: " + *loss;
    }
    if (loss.has_value()) return Lost(absl::StrCat("call ", i, ", ", *loss));
    const std::lock_guard<std::mutex> lock(mutex_);
    ++answers_;
    longest_ = std::max(longest_, std::chrono::steady_clock::now() - start);
    changed_.notify_all();
  }
}

void HonestClient::Lost(const std::string& how) {
  const std::lock_guard<std::mutex> lock(mutex_);
  loss_ = how;
  changed_.notify_all();
}

int HonestClient::answers() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return answers_;
}

bool HonestClient::is_well() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return loss_.empty();
}

void HonestClient::AwaitAnswers(int more) {
  std::unique_lock<std::mutex> lock(mutex_);
  const int until = answers_ + more;
  EXPECT_TRUE(changed_.wait_for(lock, support::kPatience,
                                [&] { return answers_ >= until || !loss_.empty(); }))
      << "still at " << answers_ << " of " << until << " answers";
}

void HonestClient::Stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void HonestClient::ExpectNothingLost() {
  Stop();
  EXPECT_EQ(loss_, "") << "after " << answers_ << " answers";
  EXPECT_GT(answers_, 0);
}

std::string HonestClient::Summary() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(longest_).count();
  return absl::StrCat(answers_, " honest answers, the slowest after ", longest, " ms");
}

}  // namespace udsecho::security
