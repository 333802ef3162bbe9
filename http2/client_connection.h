// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A client's connection: HTTP/2 on a connected socket, by nghttp2, driven by its owner.
//
//   http2::ClientConnection connection(std::move(fd), &account, {});
//   connection.Submit(&header, &stream);       // some of them
//   connection.Flush();                        // they leave together
//   ...when the socket can be read...
//   for (bool more = connection.Receive(); more;) {
//     more = connection.Handle();              // streams are told what came
//     connection.Flush();
//   }
//   ...for EPOLLOUT as long as connection.is_full(): Flush()...
//   if (connection.ended()) ...
//
// The server's MAX_CONCURRENT_STREAMS is kept: requests above it wait. After the server's GOAWAY
// none may begin, and those above its last stream are refused.
//
// A server can not make it grow: what nghttp2 allocates is on the account, a response's header is
// bounded, and of its body nothing is kept. What is owed to a server that does not read is bounded
// by nghttp2 (a thousand ACKs; then the connection ends). Received bytes open the windows at once:
// the owner takes them as they come.
//
// Thread safety: none. Ownership: owns its socket. Borrows the account, the streams that are open,
// and their headers.

#ifndef HTTP2_CLIENT_CONNECTION_H_
#define HTTP2_CLIENT_CONNECTION_H_

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "http2/account.h"
#include "http2/client_stream.h"
#include "http2/header_fields.h"
#include "http2/output.h"
#include "http2/session_memory.h"
#include "uds/unique_fd.h"

namespace http2 {

struct ClientSettings {
  // Flow control of what the server sends.
  std::uint32_t stream_window_bytes = 16 * 1024 * 1024;
  std::uint32_t connection_window_bytes = 64 * 1024 * 1024;
  // Of a response's header and trailers together, as RFC 9113, 6.5.2 counts them.
  std::uint32_t max_header_bytes = 64 * 1024;
};

// Why a client's connection ended.
enum class ClientEnding {
  kServerLeft,  // it closed, or broke off
  kHttp1,       // speaks HTTP/1
  kNotHttp2,    // speaks something else
  kMalformed,   // broke HTTP/2's rules, or sent floods; was told GOAWAY
  kNoMemory,    // the account would not have more
  kNoSystem,    // the kernel would not read or write
};

class ClientConnection {
 public:
  // The most that is read at once, and so is handled in one turn.
  static constexpr std::size_t kFairShare = 64 * 1024;

  // `fd` is connected and non-blocking. Check ended(): the account may be too small.
  ClientConnection(uds::UniqueFd fd, Account* account, const ClientSettings& settings);
  ~ClientConnection();
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  // Begins a request. `header` and what it lists live until the stream is over. If !may_submit() the
  // stream is over at once.
  void Submit(const HeaderFields* header, ClientStream* stream);
  // Neither ended, nor told to go away, nor out of stream numbers.
  bool may_submit() const;

  // Reads what there is. False if there is nothing to handle.
  bool Receive();
  // Handles some of it: true if there is more, which is to be handled before another connection of
  // the thread receives. To send in between lets the server work at the same time.
  bool Handle();

  // Writes what it can. Call it after whatever may have something to be sent.
  void Flush();
  // The socket takes no more at the moment.
  bool is_full() const { return is_full_; }

  // Streams that are open, waiting ones too.
  std::size_t streams() const { return streams_; }
  // Grows with whatever comes of a stream: a part of its answer, or its end.
  std::uint64_t progress() const { return progress_; }
  bool ended() const { return ending_.has_value(); }
  std::optional<ClientEnding> ending() const { return ending_; }
  // What can be said of the ending besides, or of the server's GOAWAY. Any bytes, bounded.
  const std::string& why() const { return why_; }
  // Its SETTINGS came: it speaks HTTP/2.
  bool spoke() const { return spoke_; }
  int fd() const { return fd_.get(); }

 private:
  friend class ClientStream;
  friend struct ClientCallbacks;

  void SubmitWaiting();
  void Pump();
  void Forget(ClientStream* stream);
  // Forgets it, and tells it.
  void EndStream(ClientStream* stream, const StreamEnding& ending);
  void RefuseWaiting();
  bool IsStillHttp2(absl::string_view bytes);
  void Fail(ClientEnding ending, absl::string_view why);
  // Once it has failed, and nghttp2 is not at work.
  void CloseIfEnded();

  uds::UniqueFd fd_;
  const ClientSettings settings_;
  SessionMemory memory_;
  nghttp2_session* session_ = nullptr;
  Output output_;
  absl::string_view received_;  // not handled yet
  std::string first_bytes_;     // until it is clear what the server speaks

  ClientStream* first_ = nullptr;       // of a list: those that are sent
  ClientStream* last_found_ = nullptr;  // what comes is mostly of the stream of the frame before
  std::deque<ClientStream*> waiting_;
  std::size_t streams_ = 0;
  std::uint32_t open_ = 0;  // as nghttp2 sees it
  std::uint32_t submitted_ = 0;
  std::uint64_t progress_ = 0;

  std::optional<ClientEnding> ending_;
  std::string why_;
  bool spoke_ = false;  // its SETTINGS came
  bool going_away_ = false;
  bool is_full_ = false;
};

}  // namespace http2

#endif  // HTTP2_CLIENT_CONNECTION_H_
