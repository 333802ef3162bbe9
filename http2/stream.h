// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One request and its response, on the server's side (RFC 9113, 5 and 8).
//
//   const std::string path(stream.path());
//   stream.Respond({{":status", "200", true}}, http2::Stream::kBodyFollows);
//   if (char* to = stream.Send(5); to != nullptr) std::memcpy(to, "hello", 5);
//   if (stream.queued() > http2::Stream::kHighMark) stream.AwaitRoom();  // until Exchange::Run()
//   stream.End();                                    // Exchange::AddTrailers() is called
//
// What is sent leaves at the end of the connection's turn, as far as the client's windows allow. If
// a response ends before its request, the client is told to stop sending (RST_STREAM, NO_ERROR).
//
// Thread safety: none; on the thread of the connection's loop. Ownership: the connection owns its
// streams; a stream owns its exchange.

#ifndef HTTP2_STREAM_H_
#define HTTP2_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "http2/block_pool.h"
#include "http2/buffer.h"
#include "http2/exchange.h"
#include "http2/header_list.h"
#include "http2/output.h"
#include "http2/request_rules.h"

namespace http2 {

class Connection;

class Stream {
 public:
  // Bytes to be sent above which a writer should wait, and below which it is called again.
  static constexpr std::size_t kHighMark = 64 * 1024;
  static constexpr std::size_t kLowMark = 16 * 1024;

  Stream(Connection* connection, std::int32_t id) : connection_(*connection), id_(id) {}
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // NOLINTNEXTLINE(misc-new-delete-overloads): it does not know the delete that gets the size
  static void* operator new(std::size_t size) { return BlockPool::Allocate(size); }
  static void operator delete(void* self, std::size_t size) { BlockPool::Free(self, size); }

  std::int32_t id() const { return id_; }
  Connection& connection() const { return connection_; }

  // --- The request. ---

  // Pseudo-headers; empty if there is none of that name.
  absl::string_view method() const { return Pseudo(":method"); }
  absl::string_view path() const { return Pseudo(":path"); }
  // Or "host", where a proxy sends that instead (RFC 9113, 8.3.1).
  absl::string_view authority() const;
  // All fields, the pseudo-headers first. The views in it are valid as long as the stream.
  const HeaderList& headers() const { return headers_; }
  // The header was longer than Settings::max_header_bytes, or than the account may hold. It was not
  // kept, and the request should be refused.
  bool header_too_long() const { return header_too_long_; }
  // Nothing more of it will come.
  bool request_ended() const { return request_ended_; }

  // Opens the client's window again by so many bytes: once for each byte that was Received(), when
  // it has been taken.
  void Consume(std::size_t bytes);

  // --- The response. None of this has an effect once the stream has ended. ---

  enum class Body { kBodyFollows, kNoBody };
  static constexpr Body kBodyFollows = Body::kBodyFollows;
  static constexpr Body kNoBody = Body::kNoBody;

  // Sends the header. Call at most once. With kNoBody it ends the response.
  void Respond(absl::Span<const Field> header, Body body);
  bool responded() const { return responded_; }

  // Queues `bytes` bytes of the body and returns where to put them, at once. Call it after
  // Respond(kBodyFollows) and before End(). Null if the account may not hold so many: then nothing
  // was queued.
  char* Send(std::size_t bytes);
  // Queues a buffer, which is sent from where it is.
  void Send(Buffer bytes);

  // Ends the body, with trailers if the exchange adds any.
  void End();

  // Ends the stream without a response, or within one (RST_STREAM).
  void Reset(std::uint32_t error_code);

  // The whole response has left, its end too.
  bool response_left() const { return response_left_; }
  // Bytes that have not left yet.
  std::size_t queued() const { return queued_; }
  // Has Exchange::Run() called once no more than kLowMark bytes are queued.
  void AwaitRoom() { awaits_room_ = true; }

  // Has Exchange::Run() called at the end of this round, or of this turn.
  void RunSoon();

 private:
  friend class Connection;
  friend struct SessionCallbacks;

  // What is charged for a stream: this object and the usual header. (nghttp2's own is charged as
  // nghttp2 allocates it.)
  static constexpr std::size_t kHeaderBytes = 512;
  static constexpr std::size_t kObjectBytes = 512;
  static constexpr std::int64_t kBytes = kObjectBytes + kHeaderBytes;

  struct Piece {
    Buffer buffer;
    std::size_t length;
    bool is_ours;  // nothing else shares it: it may be appended to
  };

  absl::string_view Pseudo(absl::string_view name) const;
  // False if the header has become far too long.
  bool AddHeader(absl::string_view name, absl::string_view value, std::size_t max_bytes);
  void HeaderEnded();
  // The client's windows let no more DATA through.
  bool HasNoWindow() const;
  // Ends the body without any DATA.
  void EndByTrailers();
  void Queued(std::size_t bytes);
  // Moves bytes of the body to `output`. False if the account may not hold so much.
  bool MoveTo(Output* output, std::size_t bytes);

  Connection& connection_;
  const std::int32_t id_;
  Stream* next_ = nullptr;  // in the connection's list
  Stream* previous_ = nullptr;
  bool is_ready_ = false;    // for Run()
  bool is_waiting_ = false;  // for another Run(), as the last one returned true
  bool closed_ = false;      // nghttp2 has forgotten it
  bool header_ended_ = false;
  bool header_too_long_ = false;
  bool request_ended_ = false;
  bool responded_ = false;
  bool response_left_ = false;
  bool body_ended_ = false;  // End() was called
  bool deferred_ = false;    // nghttp2 waits for more of the body
  bool awaits_room_ = false;
  std::size_t header_bytes_ = 0;
  std::size_t extra_header_bytes_ = 0;  // on the account, besides kHeaderBytes
  HeaderList headers_;
  RequestRules rules_;
  absl::InlinedVector<Piece, 2> queue_;
  std::size_t sent_of_first_ = 0;
  std::size_t queued_ = 0;
  std::unique_ptr<Exchange> exchange_;
};

}  // namespace http2

#endif  // HTTP2_STREAM_H_
