// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A connection of http2/ whose client mostly keeps to HTTP/2's form, so that inputs get deep: preface and
// SETTINGS, then frames of the input's types, streams and payloads, among reads, time and the server's own
// end.
//
// The input: a text for the handlers (tests/fuzz/wire.h), then a byte a step and what that takes.

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "http2/first_bytes.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/wire.h"
#include "tests/http2/frames.h"

namespace udsecho::fuzz {
namespace {

class Client {
 public:
  Client(Input* in, Wire* wire) : in_(*in), wire_(*wire) {
    Send(absl::StrCat(http2::kPreface, http2::SettingsFrame({}), http2::SettingsAck()));
  }

  // One byte after the other, and not as arguments of one call: their order would be the compiler's.
  void Step() {
    const unsigned step = in_.Byte();
    const std::uint32_t stream = Stream();
    const std::uint8_t number = in_.Byte();
    const std::uint8_t end = (step & 0x40) != 0 ? http2::kEndStream : 0;
    switch (step % 20) {
      case 0:
      case 1:
        return Send(http2::HeadersFrame(Next(), Request(number), http2::kEndHeaders | end));
      case 2:
        return Send(http2::FrameOf(http2::kHeaders, number, Next(), in_.Text()));
      case 3:
      case 4:
        return Send(http2::DataFrame(stream, std::string(number * 64U, 'd'), end));
      case 5:
        return Send(http2::PaddedDataFrame(stream, in_.Text(), number, end));
      case 6:
        return Send(http2::ResetFrame(stream, number));
      case 7:
        return Send(http2::WindowUpdateFrame(stream, number * 300U));
      case 8:
        return Send(http2::WindowUpdateFrame(0, in_.Number(4)));
      case 9:
        return Send(http2::SettingsFrame({{number % 9, in_.Number(4)}}));
      case 10:
        return Send(http2::PingFrame("pingping", end));
      case 11:
        return Send(http2::HeadersFrame(stream, {{"a", in_.Text()}}, http2::kEndHeaders | end));
      case 12:
        return Send(http2::FrameOf(http2::kContinuation, number, stream, in_.Text()));
      case 13: {
        const std::uint8_t flags = in_.Byte();
        return Send(http2::FrameOf(number, flags, stream, in_.Text()));
      }
      case 14:
        return Send(in_.Text());  // any bytes
      case 15:
        return Send(http2::GoAwayFrame(stream, number));
      case 16:
        return Turn(1 + number % 4);
      case 17:
        return wire_.Pull(1 + number * 100U);
      case 18:
        return wire_.clock().Advance(absl::Milliseconds(number * number));
      default:
        return Deed(number);
    }
  }

 private:
  void Send(absl::string_view bytes) { wire_.peer().Send(bytes); }

  void Turn(int turns) {
    for (; turns > 0; --turns) wire_.Turn();
  }

  void Deed(unsigned deed) {
    if (wire_.connection() == nullptr) return;
    if (deed == 1) wire_.connection()->Drain();
    if (deed == 2) wire_.connection()->GoAway();
    if (deed == 3) wire_.connection()->End();
    if (deed == 4) wire_.peer().Leave();
  }

  http2::Headers Request(unsigned kind) {
    http2::Headers headers = kind % 2 == 0 ? http2::Get("/") : http2::Post("/");
    if ((kind & 0x10) != 0) headers.emplace_back("content-length", std::to_string(in_.Byte()));
    if ((kind & 0x20) != 0) {
      const std::string name = in_.Text();
      headers.emplace_back(name, in_.Text());
    }
    if ((kind & 0x40) != 0) headers.emplace_back("long", std::string(in_.Number(2), 'l'));
    if ((kind & 0x80) != 0) headers.erase(headers.begin() + kind % 3);
    return headers;
  }

  // The number of the next new stream.
  std::uint32_t Next() {
    const std::uint32_t id = next_;
    next_ += 2;
    return id;
  }
  // The number of a stream: mostly of one that has begun, else a small number.
  std::uint32_t Stream() {
    const std::uint32_t which = in_.Byte();
    return which < 0xf0 ? 1 + 2 * (which % (next_ / 2 + 1)) : which - 0xf0;
  }

  Input& in_;
  Wire& wire_;
  std::uint32_t next_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  const std::string text = in.Text();
  Input choices(text);
  Wire wire(&choices);
  Client client(&in, &wire);
  while (!in.empty() && !wire.ended()) client.Step();
  wire.End();
  return 0;
}

}  // namespace udsecho::fuzz
