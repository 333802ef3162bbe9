// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "client/ask/ask.h"
#include "client/ask/call.h"
#include "client/ask/may_serve_later.h"
#include "client/target.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

constexpr char kMethod[] = "grpc.health.v1.Health/Watch";
constexpr absl::Duration kLongestPause = absl::Milliseconds(250);

// Not a status of the protocol: what a client has to say when there is none.
constexpr char kUnreachable[] = "UNREACHABLE";

std::string NameOf(HealthCheckResponse::ServingStatus status) {
  const std::string& name = HealthCheckResponse::ServingStatus_Name(status);
  return name.empty() ? absl::StrCat("STATUS_", static_cast<int>(status)) : name;
}

class HealthWatch {
 public:
  explicit HealthWatch(const Asking& asking) : asking_(asking) {}

  Outcome Run();

 private:
  Outcome Once();
  grpc::Status ReadAll();
  Outcome Lost(absl::string_view why, Outcome outcome);
  std::string Why(const grpc::Status& status) const;
  void Pause();
  void Tell(const std::string& state, absl::string_view why = "");
  std::string Line(const std::string& state, absl::string_view why) const;
  absl::Duration timeout() const { return asking_.options->call.timeout; }

  const Asking& asking_;
  std::string told_;       // the state of the last line
  bool is_known_ = false;  // some server has answered
  bool heard_ = false;     // since the last pause
  bool ends_ = false;
  MonotonicTime begun_;  // the last watch
  absl::Duration pause_ = kRetryInterval;
  std::optional<MonotonicTime> lost_since_;
  absl::Status unwritten_;
};

Outcome HealthWatch::Run() {
  const Interrupt::Scope scope(asking_.interrupt, [] {});
  while (true) {
    begun_ = MonotonicNow();
    Outcome outcome = Once();
    if (!unwritten_.ok()) return OutputError(unwritten_);
    if (asking_.interrupt->triggered()) return Interrupted();
    if (ends_) return outcome;
    Pause();
  }
}

// How it ends, if `ends_`.
Outcome HealthWatch::Once() {
  if (const absl::Status ready = asking_.connection->Ready(); !ready.ok()) {
    return Lost(ready.message(), ConnectError(ready));
  }
  const grpc::Status status = ReadAll();
  asking_.connection->CallEnded(status);
  if (!unwritten_.ok() || asking_.interrupt->triggered()) return {};
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) {
    // By the protocol that is an answer, and the call goes on; some servers end it.
    is_known_ = true;
    lost_since_.reset();
    Tell(NameOf(HealthCheckResponse::SERVICE_UNKNOWN));
    return {};
  }
  if (!MayServeLater(status)) {
    ends_ = true;
    return CallOutcome("Health.Watch", asking_.address, status);
  }
  if (!status.ok()) {
    return Lost(Why(status), CallOutcome("Health.Watch", asking_.address, status));
  }
  const grpc::Status ended(grpc::StatusCode::UNAVAILABLE, "the server has ended the watch");
  return Lost(ended.error_message(), CallOutcome("Health.Watch", asking_.address, ended));
}

grpc::Status HealthWatch::ReadAll() {
  EchoClient& client = asking_.connection->client();
  TellCall({kMethod, client.authority(), timeout()}, asking_.options->call, asking_.progress);
  const MonotonicTime begin = MonotonicNow();
  grpc::ClientContext context;
  SetUp(asking_.options->call, &context);
  TimedQueue queue(&context);
  const InterruptedBy scope(asking_.interrupt, &context);
  HealthCheckRequest request;
  request.set_service(asking_.options->health_service);
  const auto stub = grpc::health::v1::Health::NewStub(client.channel());
  const auto stream = stub->PrepareAsyncWatch(&context, request, queue.queue());
  stream->StartCall(queue.Tag());
  bool goes_on = queue.Await(timeout());
  absl::Duration patience = timeout();
  HealthCheckResponse response;
  while (goes_on) {
    stream->Read(&response, queue.Tag());
    goes_on = queue.Await(patience);
    if (!goes_on) break;
    patience = absl::InfiniteDuration();
    is_known_ = heard_ = true;
    lost_since_.reset();
    Tell(NameOf(response.status()));
    if (!unwritten_.ok()) context.TryCancel();
  }
  grpc::Status status;
  stream->Finish(&status, queue.Tag());
  queue.Await(timeout());
  status = AfterTimeout(status, queue.timed_out(), timeout());
  TellEnd({.status = status, .context = context, .took = MonotonicNow() - begin}, asking_.progress);
  return status;
}

// Printable. What gRPC says of pings is for those who know its code.
std::string HealthWatch::Why(const grpc::Status& status) const {
  const std::string text = status.error_message();
  if (absl::EndsWith(text, "keepalive watchdog timeout")) {
    return absl::StrCat("no answer to a ping within ", absl::FormatDuration(timeout()));
  }
  const absl::Duration keepalive = asking_.options->call.keepalive;
  if (keepalive == absl::InfiniteDuration() || text != "Socket closed") return uds::Printable(text);
  // A server's GOAWAY says so, and gRPC does not pass it on.
  return absl::StrCat(text, "; does the server allow a ping each ", absl::FormatDuration(keepalive),
                      "?");
}

// Whether that is the end is a matter of time.
Outcome HealthWatch::Lost(absl::string_view why, Outcome outcome) {
  const MonotonicTime now = MonotonicNow();
  if (!lost_since_.has_value()) lost_since_ = now;
  const absl::Duration patience = is_known_ ? asking_.options->wait_again : asking_.options->wait;
  ends_ = now - *lost_since_ >= patience;
  if (is_known_ || !ends_) Tell(kUnreachable, why);
  return outcome;
}

// Longer while nothing is heard, or a watch ends as soon as it has begun.
void HealthWatch::Pause() {
  const bool lasted = heard_ && MonotonicNow() - begun_ >= kLongestPause;
  pause_ = lasted ? kRetryInterval : std::min(pause_ * 2, kLongestPause);
  heard_ = false;
  asking_.interrupt->SleepUntil(MonotonicNow() + pause_);
}

void HealthWatch::Tell(const std::string& state, absl::string_view why) {
  if (state == told_) return;
  told_ = state;
  unwritten_.Update(asking_.output->AddLine(Line(state, why)));
  unwritten_.Update(asking_.output->Flush());
}

// `why` is printable.
std::string HealthWatch::Line(const std::string& state, absl::string_view why) const {
  const absl::Time now = absl::Now();
  if (asking_.options->format == Format::kJson) {
    nlohmann::ordered_json json = {
        {"time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", now, absl::UTCTimeZone())},
        {"status", state}};
    if (!why.empty()) json["error"] = std::string(why);
    return JsonLine(json);
  }
  const bool serving = state == NameOf(HealthCheckResponse::SERVING);
  return absl::StrCat(absl::FormatTime("%Y-%m-%d %H:%M:%S ", now, absl::LocalTimeZone()),
                      serving ? asking_.style.Green(state) : asking_.style.Red(state),
                      why.empty() ? "" : ": ", why);
}

}  // namespace

Outcome WatchHealth(const Asking& asking) { return HealthWatch(asking).Run(); }

}  // namespace udsecho::client
