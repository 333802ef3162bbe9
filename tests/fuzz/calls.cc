// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Calls through rpc/: handlers of the four shapes that read, write, wait and end by the input's choice,
// and a client whose metadata, messages and their order are the input's. When it is over, the bed checks
// that all is given back.
//
// The input: a text for the handlers, then a byte a step and what that takes.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "google/protobuf/stubs/logging.h"
#include "rpc/call/broadcast.h"
#include "rpc/wire/encoding.h"
#include "rpc/wire/message_reader.h"
#include "tests/fuzz/input.h"
#include "tests/http2/frames.h"
#include "tests/rpc/call_bed.h"

namespace udsecho::fuzz {
namespace {

using testing::CallBed;
using testing::Reply;
using testing::Request;
using testing::ScriptedService;

// Of texts that are not UTF-8.
[[maybe_unused]] const auto kQuiet = google::protobuf::SetLogHandler(nullptr);

class Service {
 public:
  Service(Input* choices, CallBed* bed) : choices_(*choices) {
    bed->service.ask = [this](ScriptedService::Unary& call) { return Ask(call); };
    bed->service.expand = [this](ScriptedService::ServerStream& call) { return Expand(call); };
    bed->service.collect = [this](ScriptedService::ClientStream& call) { return Collect(call); };
    bed->service.talk = [this](ScriptedService::Bidi& call) { return Talk(call); };
  }

  rpc::Broadcast broadcast;

 private:
  rpc::Task Pause(rpc::Call& call) {
    const unsigned choice = choices_.Byte();
    if (choice % 8 == 1) co_await call.Sleep(absl::Milliseconds(choice));
    if (choice % 8 == 2) co_await call.Wait(broadcast, broadcast.sent());
  }

  absl::Status Status() {
    const unsigned code = choices_.Below(20);
    return code % 2 == 0 ? absl::OkStatus()
                         : absl::Status(static_cast<absl::StatusCode>(code), choices_.Text());
  }

  rpc::Task Ask(ScriptedService::Unary& call) {
    co_await Pause(call);
    Reply reply;
    reply.set_text(call.request().text());
    const absl::Status status = Status();
    const unsigned choice = choices_.Byte();
    if (choice % 8 == 1) co_return;
    if (choice % 8 == 2) call.EndWhenDraining(absl::UnavailableError("leave"));
    if (status.ok()) {
      co_await call.Finish(reply);
    } else {
      co_await call.Finish(status);
    }
    co_await Pause(call);
  }

  rpc::Task Expand(ScriptedService::ServerStream& call) {
    Reply reply;
    reply.set_text(std::string(choices_.Byte() * 30U, 'e'));
    for (int i = call.request().count() % 64; i > 0; --i) {
      co_await Pause(call);
      const bool written = co_await call.Write(reply);
      if (!written) co_return;
    }
    const absl::Status status = Status();
    co_await call.Finish(status);
  }

  rpc::Task Collect(ScriptedService::ClientStream& call) {
    Request request;
    Reply reply;
    for (;;) {
      const bool read = co_await call.Read(&request);
      if (!read || !call.Keep(request.text().size())) break;
      reply.mutable_text()->append(request.text());
      co_await Pause(call);
      if (choices_.Byte() == 0xff) co_return;
    }
    co_await call.Finish(reply);
  }

  rpc::Task Talk(ScriptedService::Bidi& call) {
    Request request;
    Reply reply;
    for (;;) {
      const bool read = co_await call.Read(&request);
      if (!read) break;
      co_await Pause(call);
      reply.set_text(request.text());
      const bool written = co_await call.Write(reply);
      if (!written || choices_.Byte() == 0xff) co_return;
    }
    const absl::Status status = Status();
    co_await call.Finish(status);
  }

  Input& choices_;
};

class Client {
 public:
  Client(Input* in, CallBed* bed, Service* service) : in_(*in), bed_(*bed), service_(*service) {}

  // One byte after the other, and not as arguments of one call: their order would be the compiler's.
  void Step() {
    const unsigned step = in_.Byte();
    const std::uint32_t stream = 1 + 2 * (in_.Byte() % (next_ / 2 + 1));
    const std::uint8_t number = in_.Byte();
    const std::uint8_t end = (step & 0x40) != 0 ? http2::kEndStream : 0;
    switch (step % 16) {
      case 0:
      case 1:
        return Begin(number);
      case 2: {
        Request request;
        request.set_text(in_.Text());
        request.set_count(number);
        return Send(testing::Message(stream, request, end));
      }
      case 3:
        return Send(testing::Message(stream, std::string(number * 200U, 'm'), end));
      case 4:
        return Send(testing::Data(stream, in_.Text(), end));  // any bytes
      case 5:
        return Send(testing::Data(stream, Packed(number), end));
      case 6:
        return Send(testing::Data(stream, "", http2::kEndStream));
      case 7:
        return Send(http2::ResetFrame(stream, number));
      case 8:
        return Send(http2::WindowUpdateFrame(end != 0 ? 0 : stream, number * 300U));
      case 9:
        return Send(http2::SettingsFrame({{http2::kInitialWindowSize, in_.Number(3)}}));
      case 10:
        return bed_.clock.Advance(absl::Milliseconds(number * number));
      case 11:
        return service_.broadcast.Send();
      case 12:
        bed_.peer().Pull(1 + number * 100U);
        return;
      case 13:
        return bed_.Settle();
      case 14:
        return Deed(number);
      default:
        return bed_.Turn();
    }
  }

 private:
  void Send(absl::string_view bytes) { bed_.peer().Send(bytes); }

  void Begin(unsigned kind) {
    static constexpr const char* kMethods[] = {"Ask", "Expand", "Collect", "Talk", "None"};
    const char* const method = kMethods[in_.Below(5)];
    http2::Headers more;
    if ((kind & 1) != 0) more.emplace_back("grpc-timeout", std::to_string(in_.Byte()) + "m");
    if ((kind & 2) != 0) more.emplace_back("grpc-encoding", "gzip");
    if ((kind & 4) != 0) more.emplace_back("grpc-accept-encoding", "gzip, deflate");
    if ((kind & 8) != 0) more.emplace_back("grpc-timeout", in_.Text());
    if ((kind & 16) != 0) more.emplace_back("grpc-encoding", in_.Text());
    if ((kind & 32) != 0) more.emplace_back("any-bin", in_.Text());
    if ((kind & 64) != 0) {
      const std::string name = in_.Text();
      more.emplace_back(name, in_.Text());
    }
    Send(testing::Begin(next_, method, more));
    next_ += 2;
  }

  // A compressed message of so many times a text, whole or not.
  std::string Packed(unsigned times) {
    const std::string text = in_.Text();
    std::string bytes;
    for (; times > 0; --times) bytes += text;
    std::string packed = rpc::wire::Deflate(rpc::wire::Encoding::kGzip, bytes);
    if (text.size() == 1) packed.pop_back();
    std::string framed(rpc::wire::kPrefixBytes, '\0');
    rpc::wire::WritePrefix(true, packed.size(), framed.data());
    return framed + packed;
  }

  void Deed(unsigned deed) {
    if (deed == 1) bed_.shard().Drain();
    if (deed == 2) bed_.shard().Cut();
  }

  Input& in_;
  CallBed& bed_;
  Service& service_;
  std::uint32_t next_ = 1;
};

// Each answer has a status code that gRPC defines (0 to 16).
void CheckAnswers(CallBed* bed) {
  for (std::uint32_t id = 1; id < 600; id += 2) {
    const http2::Response& response = bed->peer().response(id);
    EXPECT_EQ(response.after_the_end, 0) << id;
    if (!response.ended || response.header.empty() || response.status() != "200") continue;
    const std::string status = bed->status(id);
    EXPECT_TRUE(!status.empty() && status.size() <= 2 && std::stoi(status) <= 16) << status;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  const std::string text = in.Text();
  Input choices(text);
  rpc::Limits limits;
  limits.max_memory_bytes = 200'000 + 20'000 * std::int64_t{choices.Byte()};
  limits.max_message_bytes = 10'000 + 100 * static_cast<int>(choices.Byte());
  CallBed bed(limits);
  Service service(&choices, &bed);
  Client client(&in, &bed, &service);
  while (!in.empty() && !bed.ended()) client.Step();
  bed.Settle();
  CheckAnswers(&bed);
  bed.Leave();
  return 0;
}

}  // namespace udsecho::fuzz
