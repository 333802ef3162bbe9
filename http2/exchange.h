// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The interface of a program that serves HTTP/2. A connection asks its Application for an Exchange
// for each request, and tells it of the connection's beginning and end.
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
  // Both live as long as the program: they are not copied, and enter HPACK's table (RFC 7541,
  // 6.2.1), so that they take a byte the next time.
  bool is_constant = false;
};

class Exchange {
 public:
  // Destroyed when the stream is over, whichever side ended it. Must end whatever works for it.
  virtual ~Exchange() = default;

  // Bytes of the request's body, valid during the call. Copy what you need; answer in Run().
  virtual void Received(absl::string_view bytes) = 0;

  // Called after more of the request has come, and when there is room again to send
  // (Stream::AwaitRoom). Return true to go on later, for work so long that others should not wait
  // for it: it is called again in a later turn, and nothing is read from this connection meanwhile.
  virtual bool Run() = 0;

  // The stream has ended. This is destroyed a little later in the same turn, so that whatever
  // counts the client's streams should count this one no more from here on. Answer nothing.
  virtual void StreamClosed() {}

  // Adds the trailers: called when all that was sent before End() has left for the client.
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
  kNoSystem,      // the kernel would not read, write or watch it, for want of memory or descriptors
  kDone,          // was drained, and its last stream has ended
  kAsked,         // End() was called, or max_age_grace was over
};

class Application {
 public:
  virtual ~Application() = default;

  // A request's header came. Null if it was answered at once. `stream` outlives the exchange.
  virtual std::unique_ptr<Exchange> Begin(Stream& stream) = 0;

  // The client's SETTINGS came: it speaks HTTP/2. Return false to end the connection.
  virtual bool Spoke(Connection& /*connection*/) { return true; }

  // The connection has ended, and its streams with it. Destroy it with Loop::Bury().
  virtual void Ended(Connection& connection, Ending how) = 0;
};

}  // namespace http2

#endif  // HTTP2_EXCHANGE_H_
