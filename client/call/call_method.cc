// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/call/call_method.h"

#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/call/calling.h"
#include "client/call/method_input.h"
#include "client/call/method_traffic.h"
#include "client/call/stream_call.h"
#include "client/call/unary_calls.h"
#include "client/call_end.h"
#include "client/json_splitter.h"
#include "client/message_source.h"
#include "client/schema/describe.h"
#include "client/schema/method_lookup.h"
#include "client/schema/schema_error.h"
#include "client/sending.h"
#include "client/summary_on_quit.h"
#include "uds/printable.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

bool IsPing(const google::protobuf::MethodDescriptor& method, const Options& options) {
  return options.interval.has_value() && !method.client_streaming() && !method.server_streaming();
}

class MethodCalls {
 public:
  MethodCalls(const Options& options, const Streams& streams)
      : options_(options), streams_(streams) {}

  // Why there is nothing to read from.
  Outcome Open(const google::protobuf::MethodDescriptor& descriptor);
  MessageSource* source() { return source_.get(); }
  // The messages that are all there before the first call; null for those of a file, which come one by
  // one.
  const std::vector<std::string>* list() const { return list_; }

 private:
  void TakeList(std::vector<std::string> objects) {
    auto source =
        std::make_unique<ListSource>(std::move(objects), pings_ ? ListSource::kForEver : times());
    list_ = &source->messages();
    source_ = std::move(source);
  }
  void TakeFile(int fd, std::string name) {
    source_ = std::make_unique<LineSource>(fd, times(), std::make_unique<JsonSplitter>(),
                                           std::move(name));
  }
  int64_t times() const { return options_.count.value_or(1); }

  const Options& options_;
  const Streams& streams_;
  bool pings_ = false;  // until Ctrl-C or a failure
  uds::UniqueFd file_;
  std::unique_ptr<MessageSource> source_;
  const std::vector<std::string>* list_ = nullptr;  // of source_
};

Outcome MethodCalls::Open(const google::protobuf::MethodDescriptor& descriptor) {
  const MethodOptions& method = options_.method;
  const bool streams_requests = descriptor.client_streaming();
  pings_ = IsPing(descriptor, options_) && !options_.count.has_value();
  if (!options_.messages.empty()) {
    TakeList(options_.messages);
  } else if (method.data.has_value()) {
    TakeList(RequestsIn(*method.data, streams_requests));
  } else if (method.data_file == "-" || (method.data_file.empty() && streams_requests)) {
    TakeFile(streams_.in, "standard input");
  } else if (method.data_file.empty()) {
    TakeList({"{}"});
  } else {
    const std::string name = absl::StrCat("--data: ", uds::Printable(method.data_file));
    file_.reset(open(method.data_file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file_.valid()) {
      return LocalIoError(absl::ErrnoToStatus(errno, name + ": cannot open it").message());
    }
    TakeFile(file_.get(), name);
  }
  return {};
}

// Whether all of them are messages. They are encoded once more when they are sent: a command line is short.
Outcome Check(const std::vector<std::string>& messages, Traffic* traffic) {
  for (size_t i = 0; i < messages.size(); ++i) {
    const absl::StatusOr<std::string> request = traffic->Request(messages[i]);
    if (request.ok()) continue;
    return UsageError(absl::StrCat("message ", i + 1, " of ", messages.size(), ": ",
                                   request.status().message(), "; nothing was sent"));
  }
  return {};
}

Outcome CallIt(const google::protobuf::MethodDescriptor& method, const Calling& calling) {
  if (method.client_streaming()) return StreamAll(calling);
  return method.server_streaming() ? StreamEach(calling) : CallEach(calling);
}

}  // namespace

Outcome CallMethod(const Server& server, const Options& options, const Streams& streams,
                   Progress* progress, Interrupt* interrupt) {
  absl::StatusOr<std::unique_ptr<FileSource>> files =
      DescriptionOf(server.connection->client().channel(), options, interrupt);
  if (!files.ok()) return LocalIoError(files.status().message());
  Schema schema(*std::move(files));
  if (options.method.protosets.empty()) {
    progress->Tell("Asking its reflection about ", options.method.name);
  }
  const auto method = FindMethod(options.method.name, &schema);
  schema.Rest();
  if (interrupt->triggered()) return Interrupted();
  if (!method.ok()) return SchemaError(server.address, method.status());

  MethodCalls calls(options, streams);
  if (Outcome opened = calls.Open(**method); !opened.ok()) return opened;
  Output output(streams.out);
  JsonCodec codec(&schema);
  codec.set_emits_defaults(options.method.emit_defaults);
  const auto warn = [&](const std::string& line) { WarnOn(streams.err, line); };
  MethodTraffic traffic(
      **method, &codec,
      {.text = &output, .progress = progress, .warn = warn, .format = options.format});
  if (calls.list() != nullptr) {
    if (Outcome checked = Check(*calls.list(), &traffic); !checked.ok()) return checked;
  }
  const bool is_limited = !(*method)->server_streaming() || options.call.limits_streams;
  TellCall({MethodName(**method), server.authority,
            is_limited ? options.call.timeout : absl::InfiniteDuration()},
           options.call, progress);
  std::optional<Statistics> statistics;
  std::optional<SummaryOnQuit> on_quit;
  if (IsPing(**method, options)) {
    statistics.emplace(server.address, SentAgain(options.call));
    on_quit.emplace(interrupt, &*statistics, streams.err);
  }
  Outcome outcome =
      CallIt(**method, {.channel = server.connection->client().channel(),
                        .path = MethodPath(**method),
                        .name = (*method)->name(),
                        .address = server.address,
                        .one_reply = !(*method)->server_streaming(),
                        .options = &options,
                        .source = calls.source(),
                        .traffic = &traffic,
                        .interrupt = interrupt,
                        .warn = warn,
                        .statistics = statistics.has_value() ? &*statistics : nullptr});
  if (statistics.has_value()) {
    // Not among the replies, which are JSON.
    Output summary(streams.err);
    summary.AddLine(statistics->Text()).IgnoreError();
    summary.Flush().IgnoreError();
  }
  return outcome;
}

Outcome DescribeIt(const Server& server, const Options& options, const Streams& streams,
                   Interrupt* interrupt) {
  const auto channel =
      server.connection == nullptr ? nullptr : server.connection->client().channel();
  absl::StatusOr<std::unique_ptr<FileSource>> files = DescriptionOf(channel, options, interrupt);
  if (!files.ok()) return LocalIoError(files.status().message());
  Schema schema(*std::move(files));
  absl::Status broken;
  const absl::StatusOr<std::string> text = Describe(options.method.name, &schema, &broken);
  if (interrupt->triggered()) return Interrupted();
  if (!text.ok()) return SchemaError(server.address, text.status());
  Output output(streams.out);
  absl::Status status = output.AddLine(*text);
  status.Update(output.Flush());
  if (!status.ok()) return OutputError(status);
  return broken.ok() ? Outcome{} : SchemaError(server.address, broken);
}

}  // namespace udsecho::client
