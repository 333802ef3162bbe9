// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/http2/client_bed.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "uds/unique_fd.h"

namespace http2 {
namespace {

constexpr std::array<Field, 4> kHeader = {{{":method", "POST", true},
                                           {":scheme", "http", true},
                                           {":path", "/a", true},
                                           {":authority", "localhost", true}}};

}  // namespace

ClientBed::ClientBed(std::int64_t budget_bytes) : budget_(budget_bytes), header_(kHeader) {
  int fds[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
  peer_ = std::make_unique<Peer>(uds::UniqueFd(fds[1]));
  connection_ =
      std::make_unique<ClientConnection>(uds::UniqueFd(fds[0]), &account_, ClientSettings());
}

Buffer ClientBed::BufferOf(absl::string_view bytes) {
  Buffer buffer = Buffer::New(&account_, bytes.size());
  std::memcpy(buffer.end(), bytes.data(), bytes.size());
  buffer.Extend(bytes.size());
  return buffer;
}

void ClientBed::SubmitOpen(Told* stream) { connection_->Submit(&header_, stream); }

void ClientBed::Submit(Told* stream, absl::string_view body) {
  SubmitOpen(stream);
  if (!body.empty()) stream->Send(BufferOf(body));
  stream->End();
}

void ClientBed::Greet(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings) {
  Send(absl::StrCat(SettingsFrame(settings), SettingsAck()));
}

void ClientBed::Send(absl::string_view bytes) {
  peer_->Send(bytes);
  Settle();
}

void ClientBed::Settle(Reads reads) {
  for (bool moved = true; moved;) {
    moved = peer_->Push();
    if (connection_ != nullptr) {
      while (connection_->Receive()) {
        while (connection_->Handle()) {
        }
        moved = true;
      }
      connection_->Flush();
    }
    while (reads == Reads::kServerReads && peer_->Pull()) moved = true;
  }
}

std::string Answer(std::uint32_t stream, absl::string_view body) {
  return absl::StrCat(HeadersFrame(stream, {{":status", "200"}}, kEndHeaders),
                      DataFrame(stream, body),
                      HeadersFrame(stream, {{"grpc-status", "0"}}, kEndHeaders | kEndStream));
}

}  // namespace http2
