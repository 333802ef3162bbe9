// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/rpc/probe_service.h"

#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"

namespace udsecho::testing {

void Words::Say(Word word) {
  const std::lock_guard<std::mutex> lock(mutex_);
  words_.push_back(word);
  said_.notify_one();
}

Word Words::Hear() {
  std::unique_lock<std::mutex> lock(mutex_);
  said_.wait(lock, [this] { return !words_.empty(); });
  const Word word = words_.front();
  words_.pop_front();
  return word;
}

ProbeService::ProbeService() : Service("udsecho.testing.v1.Probe") {
  Handle("Ask", &ProbeService::Ask);
  Handle("Expand", &ProbeService::Expand);
  Handle("Collect", &ProbeService::Collect);
  Handle("Talk", &ProbeService::Talk);
  Handle("Forget", &ProbeService::Forget);
  Handle("Linger", &ProbeService::Linger);
}

absl::Status ProbeService::Begin(rpc::Call& call) {
  call.AddTrailingMetadata("probe-began", "yes");
  const auto refusals = call.MetadataValues("probe-refuse");
  if (refusals.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(refusals.front());
}

rpc::Task ProbeService::Pause(rpc::Call& call, int64_t milliseconds, bool* interrupted) {
  words_.Say(Word::kWaiting);
  *interrupted = !co_await call.Sleep(absl::Milliseconds(milliseconds));
  words_.Say(*interrupted ? Word::kInterrupted : Word::kWaited);
}

rpc::Task ProbeService::Ask(rpc::UnaryCall<Request, Reply>& call) {
  if (call.request().wait_ms() > 0) {
    bool interrupted = false;
    co_await Pause(call, call.request().wait_ms(), &interrupted);
    if (interrupted) co_return;
  }
  if (call.request().text().empty()) {
    co_await call.Finish(absl::InvalidArgumentError("text is empty"));
    co_return;
  }
  Reply reply;
  reply.set_text(call.request().text());
  reply.set_peer_uid(call.peer().uid);
  reply.set_thread(gettid());
  co_await call.Finish(reply);
}

rpc::Task ProbeService::Expand(rpc::ServerStreamCall<Request, Reply>& call) {
  Reply reply;
  for (int i = 0; i < call.request().count(); ++i) {
    reply.set_text(absl::StrCat(call.request().text(), i));
    if (!co_await call.Write(reply)) co_return;
  }
  co_await call.Finish(absl::OkStatus());
}

rpc::Task ProbeService::Collect(rpc::ClientStreamCall<Request, Reply>& call) {
  Request request;
  Reply reply;
  while (co_await call.Read(&request)) {
    if (!call.Keep(request.text().size())) break;
    reply.mutable_text()->append(request.text());
  }
  co_await call.Finish(reply);
}

rpc::Task ProbeService::Talk(rpc::BidiCall<Request, Reply>& call) {
  Request request;
  Reply reply;
  while (co_await call.Read(&request)) {
    reply.set_text(request.text());
    if (!co_await call.Write(reply)) co_return;
  }
  co_await call.Finish(absl::OkStatus());
}

rpc::Task ProbeService::Forget(rpc::UnaryCall<Request, Reply>& /*call*/) { co_return; }

rpc::Task ProbeService::Linger(rpc::UnaryCall<Request, Reply>& call) {
  // Blocks, as no handler should: a wait would tell it of the call's end.
  std::this_thread::sleep_for(std::chrono::milliseconds(call.request().wait_ms()));
  const bool answered = co_await call.Finish(Reply());
  co_await call.Sleep(absl::Hours(1));
  words_.Say(answered ? Word::kWaited : Word::kInterrupted);
}

}  // namespace udsecho::testing
