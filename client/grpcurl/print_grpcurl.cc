// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/grpcurl/print_grpcurl.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "client/grpcurl/grpcurl_line.h"
#include "client/json.h"
#include "client/json_splitter.h"
#include "client/output.h"
#include "client/requests.h"
#include "client/schema/method_lookup.h"
#include "client/schema/protoset_source.h"
#include "client/schema/schema.h"
#include "client/sending.h"
#include "google/protobuf/util/json_util.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

// Linux's MAX_ARG_STRLEN, of one word of a command line with its NUL: execve(2).
constexpr size_t kLongestWord = 128 * 1024 - 1;

class GrpcurlPrinter {
 public:
  GrpcurlPrinter(const Target& target, const Options& options, const Streams& streams)
      : target_(target), options_(options), streams_(streams) {}

  Outcome Run();

 private:
  Outcome Echo();
  std::vector<GrpcurlCall> EchoEach(Shape shape, const Requests& requests,
                                    const std::vector<std::string>& messages);
  std::vector<GrpcurlCall> EchoStream(Shape shape, const Requests& requests,
                                      const std::vector<std::string>& messages);
  Outcome Method();
  Outcome AnyMethod(const std::string& symbol, std::optional<bool> takes_stream);
  Outcome Describe();
  Outcome Ask();
  Outcome Print(const std::vector<GrpcurlCall>& calls);
  void Note(absl::string_view text);
  void NoteWhatIsMissing();

  const Target& target_;
  const Options& options_;
  const Streams& streams_;
};

template <class Request>
std::string ToJson(const Request& request) {
  std::string json;
  // It has no Any, and so cannot fail.
  static_cast<void>(google::protobuf::util::MessageToJsonString(request, &json));
  return json;
}

Outcome NotWhole(const std::string& name) {
  return UsageError(absl::StrCat("--print_grpcurl: ", name,
                                 " may be short for something, and the server is not asked: say "
                                 "pkg.Service/Method, as --list has it, or --protoset=FILE"));
}

Outcome GrpcurlPrinter::Run() {
  switch (options_.mode) {
    case Mode::kSend:
      return Echo();
    case Mode::kCall:
      return Method();
    case Mode::kDescribe:
      return Describe();
    default:
      return Ask();
  }
}

Outcome GrpcurlPrinter::Echo() {
  std::vector<std::string> messages = options_.messages;
  const RequestOptions& with = options_.request;
  if (messages.empty() && (!with.payload.empty() || !with.payload_file.empty())) messages = {""};
  if (messages.empty()) {
    return UsageError(
        "--print_grpcurl: say the MESSAGEs; lines of standard input are text, and grpcurl reads "
        "JSON");
  }
  const absl::StatusOr<Requests> requests = Requests::Make(options_, streams_.in);
  if (!requests.ok()) return LocalIoError(requests.status().message());
  const Shape shape = options_.shape.value_or(Shape::kUnary);
  const bool is_stream = shape == Shape::kChat || shape == Shape::kCollect;
  return Print(is_stream ? EchoStream(shape, *requests, messages)
                         : EchoEach(shape, *requests, messages));
}

// A call a message.
std::vector<GrpcurlCall> GrpcurlPrinter::EchoEach(Shape shape, const Requests& requests,
                                                  const std::vector<std::string>& messages) {
  const bool is_unary = shape == Shape::kUnary;
  v1::EchoRequest echo;
  v1::ExpandRequest expand;
  std::vector<GrpcurlCall> calls;
  for (const std::string& message : messages) {
    requests.FillEcho(message, &echo);
    requests.FillExpand(message, &expand);
    calls.push_back({.verb = "",
                     .symbol = is_unary ? "udsecho.v1.Echo/Echo" : "udsecho.v1.Echo/Expand",
                     .data = is_unary ? ToJson(echo) : ToJson(expand),
                     .input = "",
                     .has_deadline = is_unary});
  }
  if (is_unary && options_.count.value_or(1) > 1) {
    Note(absl::StrCat("--count: run it ", *options_.count, " times"));
  }
  return calls;
}

// All in one call. What is too long for a command line need not be complete.
std::vector<GrpcurlCall> GrpcurlPrinter::EchoStream(Shape shape, const Requests& requests,
                                                    const std::vector<std::string>& messages) {
  v1::EchoRequest echo;
  std::string data;
  int64_t rounds = options_.count.value_or(1);
  for (; rounds > 0 && data.size() <= kLongestWord; --rounds) {
    for (const std::string& message : messages) {
      requests.FillEcho(message, &echo);
      if (!data.empty()) echo.clear_fault();  // as it is sent: in the first one alone
      absl::StrAppend(&data, data.empty() ? "" : " ", ToJson(echo));
    }
  }
  const char* const symbol =
      shape == Shape::kChat ? "udsecho.v1.Echo/Chat" : "udsecho.v1.Echo/Collect";
  return {{.verb = "", .symbol = symbol, .data = std::move(data), .input = ""}};
}

Outcome GrpcurlPrinter::Method() {
  std::string name(absl::StripPrefix(options_.method.name, "/"));
  if (options_.method.protosets.empty()) {
    if (!absl::StrContains(name, '/')) {
      const size_t dot = name.rfind('.');
      if (dot == std::string::npos) return NotWhole(name);
      name[dot] = '/';
    }
    return AnyMethod(name, std::nullopt);
  }
  absl::StatusOr<std::unique_ptr<FileSource>> files = ReadProtosets(options_.method.protosets);
  if (!files.ok()) return LocalIoError(files.status().message());
  Schema schema(*std::move(files));
  const auto method = FindMethod(name, &schema);
  // What it says is printable, and to escape it again would double its backslashes.
  if (!method.ok()) {
    return {kExitUsage, absl::StrCat("--protoset: ", method.status().message())};
  }
  return AnyMethod(MethodName(**method), (*method)->client_streaming());
}

// `takes_stream` is not known without a description.
Outcome GrpcurlPrinter::AnyMethod(const std::string& symbol, std::optional<bool> takes_stream) {
  GrpcurlCall call = {.verb = "", .symbol = symbol, .data = std::nullopt, .input = ""};
  std::vector<std::string> objects = options_.messages;
  if (options_.method.data.has_value()) {
    objects = ObjectsIn(*options_.method.data);
    if (objects.empty()) call.data = "";
  } else if (!options_.method.data_file.empty()) {
    call.data = "@";
    if (options_.method.data_file != "-") call.input = options_.method.data_file;
  } else if (takes_stream.value_or(false) && objects.empty()) {
    call.data = "@";
  }
  std::vector<GrpcurlCall> calls;
  if (!objects.empty() && takes_stream.value_or(true)) {
    call.data = absl::StrJoin(objects, " ");
    calls.push_back(call);
    if (objects.size() > 1 && !takes_stream.has_value()) {
      Note(
          "grpcurl sends several objects to a method that takes a stream alone; else run it for "
          "each");
    }
  }
  for (size_t i = 0; i < objects.size() && !takes_stream.value_or(true); ++i) {
    call.data = objects[i];
    calls.push_back(call);
  }
  if (calls.empty()) calls.push_back(call);
  if (options_.count.value_or(1) > 1) {
    Note(absl::StrCat("--count: run it ", *options_.count, " times, or repeat a stream's objects"));
  }
  return Print(calls);
}

Outcome GrpcurlPrinter::Describe() {
  const std::string& name = options_.method.name;
  if (!name.empty() && !absl::StrContains(name, '.')) return NotWhole(name);
  const std::string dotted = absl::StrReplaceAll(absl::StripPrefix(name, "/"), {{"/", "."}});
  return Print({{.verb = "describe", .symbol = dotted, .data = std::nullopt, .input = ""}});
}

Outcome GrpcurlPrinter::Ask() {
  GrpcurlCall call = {
      .verb = "", .symbol = "", .data = std::nullopt, .input = "", .has_deadline = true};
  switch (options_.mode) {
    case Mode::kHealth:
      call.symbol = options_.watch ? "grpc.health.v1.Health/Watch" : "grpc.health.v1.Health/Check";
      call.has_deadline = !options_.watch;
      if (!options_.health_service.empty()) {
        call.data = JsonLine({{"service", options_.health_service}});
      }
      if (options_.watch) Note("grpcurl ends when the connection is lost");
      break;
    case Mode::kList:
      call.verb = "list";
      call.has_deadline = false;
      Note("grpcurl lists services alone; their methods: describe in place of list");
      break;
    case Mode::kWhoAmI:
      call.symbol = "udsecho.v1.Echo/WhoAmI";
      break;
    case Mode::kStats:
      call.symbol = "udsecho.v1.Admin/Stats";
      break;
    case Mode::kConnections:
      call.symbol = "udsecho.v1.Admin/Connections";
      break;
    default:
      call.symbol = "udsecho.v1.Admin/Shutdown";
      if (options_.shutdown_grace.has_value()) {
        const double grace = absl::ToDoubleSeconds(*options_.shutdown_grace);
        call.data = JsonLine({{"grace", absl::StrCat(grace, "s")}});
      }
      break;
  }
  return Print({call});
}

Outcome GrpcurlPrinter::Print(const std::vector<GrpcurlCall>& calls) {
  Output output(streams_.out);
  absl::Status status;
  for (const GrpcurlCall& call : calls) {
    if (call.data.value_or("").size() > kLongestWord) {
      return UsageError(absl::StrCat("--print_grpcurl: the request is longer than ", kLongestWord,
                                     " bytes, which is too long for a command line"));
    }
    status.Update(output.AddLine(GrpcurlLine(call, target_, options_)));
  }
  status.Update(output.Flush());
  NoteWhatIsMissing();
  return status.ok() ? Outcome{} : OutputError(status);
}

void GrpcurlPrinter::NoteWhatIsMissing() {
  std::vector<std::string> missing;
  if (options_.wait > absl::ZeroDuration()) missing.emplace_back("--wait");
  if (options_.call.compression != Compression::kNone) missing.emplace_back("--compression");
  const bool is_servers = options_.shape == Shape::kExpand;
  if (options_.interval.has_value() && !is_servers) missing.emplace_back("--interval");
  if (options_.bench.concurrency.has_value()) missing.emplace_back("--concurrency");
  if (!options_.output.empty()) missing.emplace_back("--output");
  if (options_.format == Format::kJson) missing.emplace_back("--json");
  if (!missing.empty())
    Note(absl::StrCat("grpcurl has nothing like ", absl::StrJoin(missing, ", ")));
}

void GrpcurlPrinter::Note(absl::string_view text) {
  WarnOn(streams_.err, absl::StrCat("note: ", text));
}

}  // namespace

Outcome PrintGrpcurl(const Target& target, const Options& options, const Streams& streams) {
  return GrpcurlPrinter(target, options, streams).Run();
}

}  // namespace udsecho::client
