// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/command_line/convert.h"

#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/integer.h"
#include "cli/program.h"
#include "cli/utf8.h"
#include "client/command_line/values.h"
#include "client/retry/service_config.h"

namespace udsecho::client {
namespace {

constexpr absl::Duration kInstant = absl::Nanoseconds(1);
constexpr absl::Duration kForever = absl::InfiniteDuration();
// What the service takes: udsecho.v1.EchoRequest.delay.
constexpr absl::Duration kLongestDelay = absl::Hours(1);
constexpr absl::Duration kLongestGrace = absl::Hours(24);
// Short enough to find out, and what gRPC's own clients take at the least (grpc-go).
constexpr absl::Duration kKeepalive = absl::Seconds(10);
constexpr absl::Duration kLongestKeepalive = absl::Hours(24);
constexpr int64_t kMostMessages = 1'000'000;
constexpr int64_t kMostBytes = 64 * 1024 * 1024;

// Converts one value after the other, and keeps the first error.
class Converter {
 public:
  explicit Converter(const RawOptions& raw) : raw_(raw) {}

  absl::StatusOr<Options> Run();

 private:
  template <class Result, class Into>
  void Take(absl::StatusOr<Result> value, Into* into) {
    if (value.ok()) {
      *into = *std::move(value);
    } else {
      Fail(value.status());
    }
  }
  void Fail(const absl::Status& status) { status_.Update(status); }
  void Fail(absl::string_view why) { Fail(absl::InvalidArgumentError(why)); }

  template <class Into>
  void Time(const char* flag, const std::string& text, absl::Duration least, absl::Duration most,
            Into* into) {
    if (!text.empty()) Take(ParseTime(flag, text, least, most), into);
  }
  template <class Into>
  void Integer(const char* flag, const std::string& text, int64_t least, int64_t most, Into* into) {
    if (!text.empty()) Take(cli::ParseInteger(flag, text, least, most), into);
  }

  void Mode();
  void Messages();
  void Method();
  void Sending();
  void Calls();
  void Retry();
  void Bench();
  void Together();

  const RawOptions& raw_;
  Options options_;
  absl::Status status_;
};

absl::StatusOr<Options> Converter::Run() {
  options_.address = raw_.address;
  options_.messages = raw_.messages;
  options_.output = raw_.output;
  options_.format = raw_.json ? Format::kJson : Format::kText;
  options_.unordered = raw_.unordered;
  options_.keep_going = raw_.keep_going;
  options_.watch = raw_.watch;
  options_.print_grpcurl = raw_.print_grpcurl;
  options_.verbosity = raw_.verbose ? Verbosity::kVerbose : Verbosity::kQuiet;
  const bool needs_address =
      raw_.protosets.empty() || (raw_.describe.empty() && !raw_.list) || raw_.print_grpcurl;
  if (raw_.address.empty() && raw_.messages.empty() && needs_address) {
    Fail(absl::StrCat("ADDRESS is required, such as /tmp/sock1; see ", cli::ClientName(),
                      " --help"));
  }
  Mode();
  Calls();
  Messages();
  Method();
  Sending();
  Bench();
  Together();
  if (!status_.ok()) return status_;
  return std::move(options_);
}

void Converter::Mode() {
  std::vector<const char*> given;
  const auto mode = [&](bool is_given, const char* flag, client::Mode value) {
    if (!is_given) return;
    given.push_back(flag);
    options_.mode = value;
  };
  mode(!raw_.call.empty() && !raw_.bench, "--call", Mode::kCall);
  mode(!raw_.describe.empty(), "--describe", Mode::kDescribe);
  mode(!raw_.health.empty(), "--health", Mode::kHealth);
  mode(raw_.whoami, "--whoami", Mode::kWhoAmI);
  mode(raw_.list, "--list", Mode::kList);
  mode(raw_.stats, "--stats", Mode::kStats);
  mode(!raw_.connections.empty() && !raw_.bench, "--connections", Mode::kConnections);
  mode(!raw_.shutdown.empty(), "--shutdown", Mode::kShutdown);
  mode(raw_.bench, "--bench", Mode::kBench);
  if (given.size() > 1) Fail(absl::StrCat(absl::StrJoin(given, " and "), ": one at a time"));
  if (options_.mode == Mode::kConnections && raw_.connections != kNoValue) {
    Fail(absl::StrCat("--connections=", raw_.connections, ": a number goes with --bench alone"));
  }
  if (raw_.health != kNoValue) options_.health_service = raw_.health;
  if (raw_.shutdown != kNoValue) {
    Time("--shutdown", raw_.shutdown, absl::ZeroDuration(), kLongestGrace,
         &options_.shutdown_grace);
  }
}

void Converter::Messages() {
  for (size_t i = 0; i < options_.messages.size(); ++i) {
    const size_t at = cli::FindInvalidUtf8(options_.messages[i]);
    if (at == absl::string_view::npos) continue;
    Fail(absl::StrCat("message ", i + 1, " of ", options_.messages.size(),
                      " is not UTF-8 at its byte ", at + 1,
                      "; nothing was sent: convert it, for example with iconv"));
  }
}

void Converter::Method() {
  MethodOptions& method = options_.method;
  method.name = options_.mode == Mode::kDescribe ? raw_.describe : raw_.call;
  if (method.name == kNoValue) method.name.clear();
  method.protosets = raw_.protosets;
  method.emit_defaults = raw_.emit_defaults;
  for (absl::string_view data : raw_.data) {
    if (absl::ConsumePrefix(&data, "@")) {
      method.data_file = std::string(data);
      if (data.empty()) Fail("--data: there is no file name after '@'; '@-' is standard input");
      if (raw_.data.size() > 1) Fail("--data: a file goes alone");
    } else if (data == "-") {
      Fail("--data: '-' is no JSON; '@-' is standard input");
    } else {
      method.data =
          method.data.has_value() ? absl::StrCat(*method.data, " ", data) : std::string(data);
    }
  }
  if (!raw_.data.empty() && !options_.messages.empty()) {
    Fail(absl::StrCat("'", options_.messages[0], "': the requests are those of --data already"));
  }
}

void Converter::Sending() {
  if (!raw_.shape.empty()) Take(ParseShape(raw_.shape), &options_.shape);
  Integer("--count", raw_.count, 1, std::numeric_limits<int64_t>::max(), &options_.count);
  Time("--interval", raw_.interval, absl::ZeroDuration(), kLongestDelay, &options_.interval);
  Time("--delay", raw_.delay, absl::ZeroDuration(), kLongestDelay, &options_.request.delay);

  absl::string_view payload = raw_.payload;
  if (absl::ConsumePrefix(&payload, "@")) {
    options_.request.payload_file = std::string(payload);
    if (payload.empty()) Fail("--payload: there is no file name after '@'; '@-' is standard input");
  } else {
    options_.request.payload = std::string(payload);
  }

  if (!raw_.fault.empty()) Take(ParseFault(raw_.fault), &options_.request.fault);
  if (raw_.fault_after.empty()) return;
  if (raw_.fault.empty()) return Fail("--fault_after: it needs a --fault");
  if (!options_.request.fault.has_value()) return;
  Integer("--fault_after", raw_.fault_after, 0, kMostMessages,
          &options_.request.fault->after_messages);
}

void Converter::Calls() {
  CallOptions& call = options_.call;
  Time("--timeout", raw_.timeout, kInstant, kForever, &call.timeout);
  call.limits_streams = !raw_.timeout.empty();
  if (raw_.wait == kNoValue) {
    options_.wait = kForever;
  } else {
    Time("--wait", raw_.wait, absl::ZeroDuration(), kForever, &options_.wait);
  }
  options_.wait_again = raw_.wait.empty() ? kForever : options_.wait;
  if (raw_.keepalive == kNoValue) {
    call.keepalive = kKeepalive;
  } else {
    Time("--keepalive", raw_.keepalive, absl::Milliseconds(1), kLongestKeepalive, &call.keepalive);
  }
  for (absl::string_view text : raw_.metadata) {
    if (!absl::ConsumePrefix(&text, "@")) {
      Take(ParseMetadata(text), &call.metadata.emplace_back());
    } else if (text.empty() || text == "-") {
      Fail("--metadata: after '@' comes the name of a file of headers, one a line");
    } else {
      call.metadata_files.emplace_back(text);
    }
  }
  Retry();
  if (!raw_.compression.empty()) Take(ParseCompression(raw_.compression), &call.compression);
  call.authority = raw_.authority;
  Fail(CheckHeader("--authority", raw_.authority));
}

void Converter::Retry() {
  if (raw_.retry.empty()) return;
  absl::string_view retry = raw_.retry;
  if (!absl::ConsumePrefix(&retry, "@")) {
    Take(ParseRetry(retry), &options_.call.retry.emplace());
  } else if (retry.empty() || retry == "-") {
    Fail("--retry: after '@' comes the name of a file with a retryPolicy or a service config");
  } else {
    options_.call.retry_file = std::string(retry);
  }
  const bool sends =
      options_.mode == Mode::kSend || options_.mode == Mode::kCall || options_.mode == Mode::kBench;
  if (!sends || raw_.print_grpcurl) return Fail("--retry: only where calls are made");
  if (raw_.shape == "chat" || raw_.shape == "collect") {
    return Fail(absl::StrCat("--retry: a stream is not sent again from its middle, and --shape=",
                             raw_.shape, " sends all messages in one; use --shape=unary"));
  }
  // A call for each message, which can be sent again.
  if (raw_.shape.empty() && raw_.call.empty()) options_.shape = Shape::kUnary;
}

void Converter::Bench() {
  BenchOptions& bench = options_.bench;
  // Each in flight costs some 10 KB.
  Integer("--concurrency", raw_.concurrency, 1, 100'000, &bench.concurrency);
  if (raw_.bench && raw_.connections == kNoValue) {
    Fail("--connections: with --bench it needs a number, as in --connections=4");
  } else if (raw_.bench) {
    Integer("--connections", raw_.connections, 1, 10'000, &bench.connections);
  }
  Integer("--threads", raw_.threads, 1, 64, &bench.threads);
  Integer("--stream_length", raw_.stream_length, 1, kMostMessages, &bench.stream_length);
  Time("--duration", raw_.duration, kInstant, kForever, &bench.duration);
  Time("--warmup", raw_.warmup, absl::ZeroDuration(), absl::Hours(1), &bench.warmup);
  Rate rate;
  if (!raw_.rate.empty()) Take(ParseRate(raw_.rate), &rate);
  bench.rate = rate.to;
  bench.rate_from = rate.from;
  bench.ramp = rate.over;
  if (!raw_.size.empty()) Take(ParseSize("--size", raw_.size, kMostBytes), &bench.size);
  bench.report = raw_.report;
  bench.compare = raw_.compare;
  if (!raw_.fail_if.empty()) Take(ParseThresholds(raw_.fail_if), &bench.fail_if);
  if (!raw_.csv.empty()) Take(ParseCsv(raw_.csv == kNoValue ? "summary" : raw_.csv), &bench.csv);
  if (raw_.bench && raw_.duration.empty() && !raw_.count.empty()) bench.duration = kForever;
  if (raw_.duration.empty() && raw_.count.empty() && rate.from.has_value())
    bench.duration = rate.over;
}

// What makes no sense in company.
void Converter::Together() {
  const auto only_bench = [&](const std::string& value, const char* flag) {
    if (!value.empty() && !raw_.bench) Fail(absl::StrCat(flag, ": only with --bench"));
  };
  only_bench(raw_.duration, "--duration");
  only_bench(raw_.warmup, "--warmup");
  only_bench(raw_.threads, "--threads");
  only_bench(raw_.rate, "--rate");
  only_bench(raw_.size, "--size");
  only_bench(raw_.stream_length, "--stream_length");
  only_bench(raw_.report, "--report");
  only_bench(raw_.compare, "--compare");
  only_bench(raw_.fail_if, "--fail_if");
  only_bench(raw_.csv, "--csv");
  if (!raw_.csv.empty() && raw_.json) Fail("--csv and --json: one of them");
  for (const Threshold& threshold : options_.bench.fail_if) {
    if (threshold.of == Threshold::Of::kMissed && raw_.rate.empty()) {
      Fail("--fail_if: 'missed' needs a --rate that can be missed");
    }
    if (threshold.of == Threshold::Of::kWorse && raw_.compare.empty()) {
      Fail("--fail_if: 'worse' needs a --compare, the run before");
    }
  }

  const bool calls = !raw_.call.empty();
  const auto only_calls = [&](bool is_given, const char* flag) {
    if (is_given && !calls) Fail(absl::StrCat(flag, ": only with --call"));
  };
  only_calls(!raw_.data.empty(), "--data");
  only_calls(raw_.emit_defaults, "--emit_defaults");
  if (!raw_.protosets.empty() && !calls && raw_.describe.empty() && !raw_.list) {
    Fail("--protoset: only with --call, --describe or --list");
  }
  const auto only_echo = [&](bool is_given, const char* flag) {
    if (is_given && calls) Fail(absl::StrCat(flag, ": that is for Echo, and not with --call"));
  };
  only_echo(!raw_.shape.empty(), "--shape");
  only_echo(!raw_.payload.empty(), "--payload");
  only_echo(!raw_.delay.empty(), "--delay");
  only_echo(!raw_.fault.empty(), "--fault");
  only_echo(!raw_.output.empty(), "--output");
  only_echo(!raw_.size.empty(), "--size");

  if (raw_.unordered && (raw_.concurrency.empty() || raw_.bench)) {
    Fail("--unordered: only with --concurrency, and not with --bench");
  }
  if (raw_.keep_going && !calls && raw_.concurrency.empty()) {
    Fail("--keep_going: only with --call or --concurrency");
  }
  if (raw_.keep_going && raw_.bench) Fail("--keep_going: --bench always does");
  if (!raw_.concurrency.empty() && options_.mode == Mode::kSend) {
    if (raw_.shape != "unary" && !raw_.shape.empty()) {
      Fail("--concurrency: only for calls of one message, or with --bench");
    } else {
      options_.shape = Shape::kUnary;
    }
    if (options_.interval.has_value()) Fail("--concurrency: not with --interval");
  }

  if (raw_.watch && options_.mode != Mode::kHealth) Fail("--watch: only with --health");
  if (raw_.print_grpcurl && raw_.bench) {
    Fail("--print_grpcurl: grpcurl measures nothing; not with --bench");
  }
  if (raw_.bench && !raw_.keepalive.empty()) Fail("--keepalive: not with --bench");

  const bool sends =
      options_.mode == Mode::kSend || options_.mode == Mode::kCall || options_.mode == Mode::kBench;
  if (!sends && !raw_.concurrency.empty()) {
    Fail("--concurrency: only where messages are sent, or with --bench");
  }
  if (!sends && !options_.messages.empty()) {
    Fail(absl::StrCat(
        "'", options_.messages[0], "': this flag asks, and takes no MESSAGE",
        raw_.health == kNoValue ? "; a SERVICE follows after '=', as in --health=SERVICE" : ""));
  }
  if (raw_.bench && !calls && options_.messages.size() > 1) {
    Fail("--bench: one MESSAGE at the most");
  }
  if (raw_.bench && !raw_.size.empty() && !options_.messages.empty()) {
    Fail("--size: it is that of MESSAGE already");
  }
  if (raw_.bench && options_.interval.has_value()) Fail("--interval: not with --bench; see --rate");
  if (raw_.bench && !raw_.output.empty()) Fail("--output: not with --bench");
  const FaultOptions fault = options_.request.fault.value_or(FaultOptions{});
  if (fault.after_messages > 0 && options_.shape.value_or(Shape::kChat) == Shape::kUnary) {
    Fail("--fault_after: a unary call has one message; use another --shape");
  }
}

}  // namespace

absl::StatusOr<Options> Convert(const RawOptions& raw) { return Converter(raw).Run(); }

}  // namespace udsecho::client
