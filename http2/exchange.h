// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a program on HTTP/2 is to a connection: it is asked for an Exchange for each request, and
// told of the connection's beginning and end.
//
//   class Hello final : public http2::Exchange {
//    public:
//     explicit Hello(http2::Stream* stream) : stream_(*stream) {}
//     void Received(absl::string_view) override {}
//     bool Run() override {
//       if (!stream_.request_ended() || stream_.responded()) return false;
//       stream_.Respond({{":status", "200"}}, http2::Stream::kBodyFollows);
//       stream_.Send(body);
//       stream_.End();
//       return false;
//     }
//   };
//
// Thread safety: all on the thread of the connection's loop.
// Ownership: the stream owns its exchange; it borrows the stream.

#ifndef HTTP2_EXCHANGE_H_
#define HTTP2_EXCHANGE_H_

#include <memory>
#include <vector>

#include "absl/strings/string_view.h"

namespace http2 {

class Connection;
class Stream;

// A header field to send. Names are in lower case.
struct Field {
  absl::string_view name;
  absl::string_view value;
  // Both live as long as the program: they are not copied, and the peer is taught them (RFC 7541,
  // 6.2.1), so that the next time they take a byte.
  bool is_constant = false;
};

class Exchange {
 public:
  // The stream is over when this is destroyed, whoever ended it: what still works for it ends here.
  virtual ~Exchange() = default;

  // Bytes of the request's body, valid during the call: to be looked at or copied. Answer in Run().
  virtual void Received(absl::string_view bytes) = 0;

  // Called after more of the request came, and after there is room again for what is to be sent
  // (Stream::AwaitRoom). True if there is more to do, for which others should not wait: it is
  // called again in a later turn, and meanwhile nothing more is read from this connection.
  virtual bool Run() = 0;

  // The stream has ended: this is destroyed once what came with its end has been taken. What counts
  // the client's streams counts this one no more; answer nothing here.
  virtual void StreamClosed() {}

  // The trailers, when all that was sent before End() has left for the peer.
  virtual void AddTrailers(std::vector<Field>* /*trailers*/) {}
};

// Why a connection ended.
enum class Ending {
  kPeerLeft,      // it closed, or broke off
  kNeverSpoke,    // sent no SETTINGS in time
  kHttp1,         // speaks HTTP/1, and was told so
  kTls,           // speaks TLS
  kNotHttp2,      // speaks something else
  kMalformed,     // broke HTTP/2's rules; was told GOAWAY
  kFlooded,       // sent too much that carries nothing (flood_budget.h); was told GOAWAY
  kTooManyPings,  // against Settings::min_ping_interval; was told GOAWAY
  kUnread,        // did not read what was sent to it for Settings::send_timeout
  kNoMemory,      // its uid holds all that it may have (account.h)
  kDone,          // was drained, and its last stream has ended
  kAsked,         // End() was called
};

class Application {
 public:
  virtual ~Application() = default;

  // A request's header came: null if it was answered already. `stream` outlives the exchange.
  virtual std::unique_ptr<Exchange> Begin(Stream& stream) = 0;

  // The client's SETTINGS came: it speaks HTTP/2. False: end the connection, as End() would.
  virtual bool Spoke(Connection& /*connection*/) { return true; }

  // The connection has ended, and its streams with it: it may be buried (Loop::Bury).
  virtual void Ended(Connection& connection, Ending how) = 0;
};

}  // namespace http2

#endif  // HTTP2_EXCHANGE_H_
