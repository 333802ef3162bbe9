// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/send.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/call/unary_calls.h"
#include "client/call_end.h"
#include "client/chat.h"
#include "client/collect.h"
#include "client/echo_traffic.h"
#include "client/interactive/interactive.h"
#include "client/message_source.h"
#include "client/replies.h"
#include "client/requests.h"
#include "client/sending.h"
#include "client/summary_on_quit.h"
#include "client/unary.h"
#include "uds/printable.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

// What a ping says when nobody says what.
constexpr char kPing[] = "ping";

Shape ShapeOf(const Options& options, bool has_messages) {
  return options.shape.value_or(has_messages ? Shape::kUnary : Shape::kChat);
}

// None: the lines of standard input.
std::vector<std::string> MessagesOf(const Options& options, int in) {
  if (!options.messages.empty()) return options.messages;
  const bool has_payload =
      !options.request.payload.empty() || !options.request.payload_file.empty();
  if (has_payload) return {""};
  // For expand, both are the server's: how many replies, and how far apart.
  const bool repeats = (options.interval.has_value() || options.count.has_value()) &&
                       options.shape != Shape::kExpand;
  if (repeats && isatty(in) == 1) return {kPing};
  return {};
}

std::unique_ptr<MessageSource> SourceOf(const Options& options, std::vector<std::string> messages,
                                        Shape shape, int in) {
  // The server repeats, then.
  const int64_t times = shape == Shape::kExpand ? 1 : options.count.value_or(1);
  if (messages.empty()) return std::make_unique<LineSource>(in, times);
  const bool pings = shape == Shape::kUnary || shape == Shape::kChat;
  const bool for_ever = pings && options.interval.has_value() && !options.count.has_value();
  return std::make_unique<ListSource>(std::move(messages), for_ever ? ListSource::kForEver : times);
}

const char* MethodOf(Shape shape) {
  switch (shape) {
    case Shape::kUnary:
      return "udsecho.v1.Echo/Echo";
    case Shape::kExpand:
      return "udsecho.v1.Echo/Expand";
    case Shape::kCollect:
      return "udsecho.v1.Echo/Collect";
    case Shape::kChat:
      return "udsecho.v1.Echo/Chat";
  }
  return "";
}

// Several calls at a time. Not for pings, nor at a prompt.
Outcome SendConcurrently(const Sending& sending, int err) {
  EchoTraffic traffic(sending.requests, sending.replies);
  return CallEach({.channel = sending.connection->client().channel(),
                   .path = "/udsecho.v1.Echo/Echo",
                   .name = "Echo",
                   .address = sending.address,
                   .one_reply = true,
                   .options = sending.options,
                   .source = sending.source,
                   .traffic = &traffic,
                   .interrupt = sending.interrupt,
                   .warn = [err](const std::string& line) { WarnOn(err, line); }});
}

Outcome SendIn(Shape shape, const Sending& sending, int err) {
  const bool is_ping = sending.replies->statistics() != nullptr;
  switch (shape) {
    case Shape::kUnary:
      return sending.options->bench.concurrency.value_or(1) > 1 && !is_ping && !sending.tell
                 ? SendConcurrently(sending, err)
                 : SendUnary(sending);
    case Shape::kExpand:
      return SendExpand(sending);
    case Shape::kCollect:
      return SendCollect(sending);
    case Shape::kChat:
      return Chat(sending);
  }
  return {};
}

Outcome SendFrom(const Server& server, const Options& options, const Streams& streams,
                 Progress* progress, Interrupt* interrupt, Tell tell = {},
                 std::atomic<int64_t>* ended = nullptr) {
  const absl::StatusOr<Requests> requests = Requests::Make(options, streams.in);
  if (!requests.ok()) return LocalIoError(requests.status().message());

  Output text(streams.out);
  uds::UniqueFd file;
  if (!options.output.empty() && options.output != "-") {
    file.reset(open(options.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file.valid()) {
      const std::string what = absl::StrCat("--output: cannot open ", options.output);
      return LocalIoError(absl::ErrnoToStatus(errno, what).message());
    }
  }
  Output payloads(file.get(), absl::StrCat("--output: ", options.output));

  std::vector<std::string> messages = MessagesOf(options, streams.in);
  const Shape shape = ShapeOf(options, !messages.empty());
  std::optional<Statistics> statistics;
  if (options.interval.has_value() && (shape == Shape::kUnary || shape == Shape::kChat)) {
    statistics.emplace(server.address, SentAgain(options.call));
  }
  Replies replies({.text = &text,
                   .progress = progress,
                   .payloads = options.output == "-" ? &text
                               : file.valid()        ? &payloads
                                                     : nullptr,
                   .statistics = statistics.has_value() ? &*statistics : nullptr,
                   .format = options.format,
                   .is_terminal = isatty(streams.out) == 1,
                   .where = server.address});

  TellCall({MethodOf(shape), server.authority, options.call.timeout}, options.call, progress);
  std::optional<SummaryOnQuit> on_quit;
  if (statistics.has_value()) on_quit.emplace(interrupt, &*statistics, streams.err);
  const auto source = SourceOf(options, std::move(messages), shape, streams.in);
  return SendIn(shape,
                {.connection = server.connection,
                 .address = server.address,
                 .options = &options,
                 .requests = &*requests,
                 .source = source.get(),
                 .replies = &replies,
                 .interrupt = interrupt,
                 .tell = std::move(tell),
                 .ended = ended},
                streams.err);
}

// Whether a person sits at both ends.
bool IsConversation(const Options& options, const Streams& streams) {
  return MessagesOf(options, streams.in).empty() && isatty(streams.in) == 1 &&
         isatty(streams.out) == 1;
}

}  // namespace

Outcome Send(const Server& server, const Options& options, const Streams& streams,
             Progress* progress, Interrupt* interrupt) {
  const Interrupt::Scope scope(interrupt, [] {});
  if (!IsConversation(options, streams)) {
    return SendFrom(server, options, streams, progress, interrupt);
  }
  const Conversation conversation = {
      .address = server.address,
      .ends_with_empty_line = ShapeOf(options, false) == Shape::kCollect,
      .run = [&](int in, int out, Interrupt* of_the_run, const Tell& tell,
                 std::atomic<int64_t>* ended) {
        Streams piped = streams;
        piped.in = in;
        piped.out = out;
        return SendFrom(server, options, piped, progress, of_the_run, tell, ended);
      }};
  return Interact(streams, interrupt, conversation);
}

}  // namespace udsecho::client
