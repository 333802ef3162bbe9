// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/client_callbacks.h"

#include <algorithm>
#include <array>
#include <new>
#include <string>

#include "http2/client_connection.h"
#include "http2/client_stream.h"
#include "http2/header_list.h"

namespace http2 {

// Has its name for ClientConnection and ClientStream to befriend it.
struct ClientCallbacks {
  static constexpr std::size_t kMostOfAText = 256;

  static ClientConnection& Of(void* user_data) {
    return *static_cast<ClientConnection*>(user_data);
  }

  // Null for one that was cancelled.
  static ClientStream* Find(nghttp2_session* session, std::int32_t id, void* user_data) {
    ClientStream*& last = Of(user_data).last_found_;
    if (last == nullptr || last->id_ != id) {
      last = static_cast<ClientStream*>(nghttp2_session_get_stream_user_data(session, id));
    }
    return last;
  }

  static absl::string_view Text(const std::uint8_t* bytes, std::size_t count) {
    return {reinterpret_cast<const char*>(bytes), count};
  }

  // --- What the server sends ---

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame,
                      const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                      std::size_t value_size, std::uint8_t /*flags*/, void* user_data) {
    ClientStream* const stream = Find(session, frame->hd.stream_id, user_data);
    if (stream == nullptr) return 0;
    stream->header_bytes_ += name_size + value_size + HeaderList::kFieldBytes;
    if (stream->header_bytes_ > Of(user_data).settings_.max_header_bytes) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // which ends the stream
    }
    ++Of(user_data).progress_;
    stream->HeaderCame(Text(name, name_size), Text(value, value_size));
    return 0;
  }

  static int OnData(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t id,
                    const std::uint8_t* bytes, std::size_t count, void* user_data) {
    ClientStream* const stream = Find(session, id, user_data);
    if (stream == nullptr) return 0;
    ++Of(user_data).progress_;
    stream->DataCame(Text(bytes, count));
    return 0;
  }

  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    ClientConnection& connection = Of(user_data);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
      case NGHTTP2_DATA: {
        const bool is_last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        if (!is_last && frame->hd.type == NGHTTP2_DATA) break;
        ClientStream* const stream = Find(session, frame->hd.stream_id, user_data);
        if (stream == nullptr) break;
        if (!is_last) {
          stream->HeaderEnded();
          break;
        }
        stream->answered_ = true;
        // Nobody wants the rest of the request any more.
        if (stream->end_left_) break;
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_CANCEL);
        break;
      }
      case NGHTTP2_RST_STREAM:
        if (ClientStream* const stream = Find(session, frame->hd.stream_id, user_data);
            stream != nullptr) {
          stream->reset_came_ = true;
        }
        break;
      case NGHTTP2_SETTINGS:
        connection.spoke_ = true;
        break;
      case NGHTTP2_GOAWAY: {
        connection.going_away_ = true;
        const nghttp2_goaway& goaway = frame->goaway;
        const auto size = std::min<std::size_t>(goaway.opaque_data_len, kMostOfAText);
        connection.why_ = std::string(Text(goaway.opaque_data, size));
        break;
      }
      default:
        break;
    }
    return 0;
  }

  static StreamEnding EndingOf(const ClientStream& stream, std::uint32_t error_code) {
    using Cause = StreamEnding::Cause;
    if (stream.answered_) return {.cause = Cause::kAnswered};
    const bool refused = stream.refused_ || error_code == NGHTTP2_REFUSED_STREAM;
    return {.cause = refused              ? Cause::kRefused
                     : stream.reset_came_ ? Cause::kReset
                                          : Cause::kMalformed,
            .error_code = error_code};
  }

  static int OnStreamClose(nghttp2_session* session, std::int32_t id, std::uint32_t error_code,
                           void* user_data) {
    ClientConnection& connection = Of(user_data);
    --connection.open_;
    ClientStream* const stream = Find(session, id, user_data);
    if (stream != nullptr) connection.EndStream(stream, EndingOf(*stream, error_code));
    return 0;
  }

  // --- What is sent ---

  static int OnSent(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user_data) {
    if (frame->hd.type != NGHTTP2_GOAWAY) return 0;
    // By nghttp2 itself, which has found something wrong.
    const nghttp2_goaway& goaway = frame->goaway;
    const auto size = std::min<std::size_t>(goaway.opaque_data_len, kMostOfAText);
    ClientConnection& connection = Of(user_data);
    connection.Fail(connection.spoke_ ? ClientEnding::kMalformed : ClientEnding::kNotHttp2,
                    Text(goaway.opaque_data, size));
    return 0;
  }

  static int OnNotSent(nghttp2_session* session, const nghttp2_frame* frame, int error_code,
                       void* user_data) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    ClientStream* const stream = Find(session, frame->hd.stream_id, user_data);
    // Else it is too long a header, and as good as malformed.
    if (stream != nullptr && error_code != NGHTTP2_ERR_FRAME_SIZE_ERROR) stream->refused_ = true;
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session* session, std::int32_t id, std::uint8_t* /*to*/,
                          std::size_t most, std::uint32_t* flags, nghttp2_data_source* /*source*/,
                          void* user_data) {
    ClientStream* const stream = Find(session, id, user_data);
    if (stream == nullptr) return NGHTTP2_ERR_DEFERRED;  // cancelled: RST_STREAM is on its way
    if (stream->queued_ == 0 && !stream->body_ended_) stream->RoomToSend();
    if (!stream->is_open()) return NGHTTP2_ERR_DEFERRED;
    if (stream->queued_ == 0 && !stream->body_ended_) {
      stream->deferred_ = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    const std::size_t count = std::min(most, stream->queued_);
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (count == stream->queued_ && stream->body_ended_) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      stream->end_left_ = true;
    }
    return static_cast<ssize_t>(count);
  }

  static int SendBody(nghttp2_session* session, nghttp2_frame* frame,
                      const std::uint8_t* frame_head, std::size_t count,
                      nghttp2_data_source* /*source*/, void* user_data) {
    constexpr std::size_t kHeadBytes = 9;
    ClientConnection& connection = Of(user_data);
    ClientStream* const stream = Find(session, frame->hd.stream_id, user_data);
    // Between ReadBody() and this nobody else has a turn.
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (!connection.output_.Copy(Text(frame_head, kHeadBytes)) ||
        !stream->MoveTo(&connection.output_, count)) {
      connection.memory_.Refuse();
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return connection.output_.size() < Output::kMost ? 0 : NGHTTP2_ERR_PAUSE;
  }

  static const nghttp2_session_callbacks* All() {
    static const nghttp2_session_callbacks* const kAll = [] {
      nghttp2_session_callbacks* all = nullptr;
      if (nghttp2_session_callbacks_new(&all) != 0) throw std::bad_alloc();
      nghttp2_session_callbacks_set_on_header_callback(all, OnHeader);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, OnData);
      nghttp2_session_callbacks_set_on_frame_recv_callback(all, OnFrame);
      nghttp2_session_callbacks_set_on_stream_close_callback(all, OnStreamClose);
      nghttp2_session_callbacks_set_on_frame_send_callback(all, OnSent);
      nghttp2_session_callbacks_set_on_frame_not_send_callback(all, OnNotSent);
      nghttp2_session_callbacks_set_send_data_callback(all, SendBody);
      return all;
    }();
    return kAll;
  }

  static const nghttp2_option* Options() {
    static const nghttp2_option* const kOptions = [] {
      nghttp2_option* options = nullptr;
      if (nghttp2_option_new(&options) != 0) throw std::bad_alloc();
      nghttp2_option_set_no_closed_streams(options, 1);
      return options;
    }();
    return kOptions;
  }

  static nghttp2_session* New(ClientConnection* connection) {
    const ClientSettings& settings = connection->settings_;
    // Not NO_RFC7540_PRIORITIES: nghttp2 would send one request to its end before it begins the next,
    // and gives a client no way to say otherwise.
    const std::array<nghttp2_settings_entry, 3> entries = {{
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.stream_window_bytes},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings.max_header_bytes},
    }};
    nghttp2_mem memory = connection->memory_.Functions();
    nghttp2_session* session = nullptr;
    // These fail for want of memory alone, and SessionMemory never fails.
    nghttp2_session_client_new3(&session, All(), connection, Options(), &memory);
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, entries.data(), entries.size());
    nghttp2_session_set_local_window_size(
        session, NGHTTP2_FLAG_NONE, 0, static_cast<std::int32_t>(settings.connection_window_bytes));
    return session;
  }
};

nghttp2_session* NewClientSession(ClientConnection* connection) {
  return ClientCallbacks::New(connection);
}

nghttp2_data_provider RequestBody() {
  return {.source = {.ptr = nullptr}, .read_callback = ClientCallbacks::ReadBody};
}

}  // namespace http2
