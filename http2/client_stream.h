// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One request and its response, on the client's side (RFC 9113, 5 and 8). Made once and used for
// one request after the other, so that a request allocates nothing.
//
//   class Ask final : public http2::ClientStream {
//     void HeaderCame(absl::string_view name, absl::string_view value) override { ... }
//     void DataCame(absl::string_view bytes) override { ... }
//     void Over(const http2::StreamEnding& ending) override { ... }
//   };
//   Ask ask;
//   connection.Submit(&header, &ask);
//   ask.Send(bytes);                        // shared, and not copied if it is long
//   ask.End();
//   connection.Flush();
//
// Thread safety: none; on the thread of its connection.
// Ownership: is borrowed by its connection until Over(). Destroyed earlier, it ends its request.

#ifndef HTTP2_CLIENT_STREAM_H_
#define HTTP2_CLIENT_STREAM_H_

#include <cstddef>
#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "http2/buffer.h"
#include "http2/header_fields.h"
#include "http2/output.h"

namespace http2 {

class ClientConnection;

struct StreamEnding {
  enum class Cause {
    kAnswered,   // the response came, to its end
    kReset,      // the server ended it (RST_STREAM)
    kRefused,    // the server has not looked at it: it is going away, or has too many
    kMalformed,  // the response broke HTTP/2's rules, or its header is too long
    kLost,       // the connection has ended: see ClientConnection::ending()
  };
  Cause cause = Cause::kLost;
  std::uint32_t error_code = 0;  // of RFC 9113, 7
};

class ClientStream {
 public:
  ClientStream() = default;
  virtual ~ClientStream() { Cancel(); }
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;

  // From Submit() until Over() or Cancel().
  bool is_open() const { return connection_ != nullptr; }

  // Queues bytes of the request's body. No effect once it is not open.
  void Send(Buffer bytes);
  // The body is complete.
  void End();

  // Ends the request (RST_STREAM, CANCEL). Over() is not called.
  void Cancel();

 protected:
  // None of these may destroy the connection or the stream, or have the connection read or write.

  // A field of a header or of trailers, in order; ":status" begins a header. The views are valid
  // during the call.
  virtual void HeaderCame(absl::string_view name, absl::string_view value) = 0;
  virtual void DataCame(absl::string_view bytes) = 0;
  // The response's header has come, and is not all of it: data or trailers follow.
  virtual void HeaderEnded() {}
  // All that was to be sent has left, and the body has not ended: the time to Send() more of a long
  // one.
  virtual void RoomToSend() {}
  // It is not open any more, and may be submitted again.
  virtual void Over(const StreamEnding& ending) = 0;

 private:
  friend class ClientConnection;
  friend struct ClientCallbacks;

  // Moves bytes of the body to `output`. False if its account may not hold so much.
  bool MoveTo(Output* output, std::size_t bytes);

  ClientConnection* connection_ = nullptr;
  const HeaderFields* header_ = nullptr;
  std::int32_t id_ = 0;           // 0: waits to be sent
  ClientStream* next_ = nullptr;  // in the connection's list
  ClientStream* previous_ = nullptr;
  bool body_ended_ = false;
  bool end_left_ = false;  // nghttp2 has it
  bool deferred_ = false;  // nghttp2 waits for more of the body
  bool answered_ = false;  // to the end
  bool reset_came_ = false;
  bool refused_ = false;  // by GOAWAY, before it was sent
  std::size_t header_bytes_ = 0;
  std::size_t queued_ = 0;
  std::size_t sent_of_first_ = 0;
  absl::InlinedVector<Buffer, 2> queue_;
};

}  // namespace http2

#endif  // HTTP2_CLIENT_STREAM_H_
