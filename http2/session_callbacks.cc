// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/session_callbacks.h"

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "http2/connection.h"
#include "http2/header_fields.h"
#include "http2/stream.h"

namespace http2 {

// Has its name for Connection and Stream to befriend it.
struct SessionCallbacks {
  static Connection& Of(void* user_data) { return *static_cast<Connection*>(user_data); }

  static Stream* Find(nghttp2_session* session, std::int32_t id) {
    return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  // --- What the client sends ---

  static int OnBeginHeaders(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    Connection& connection = Of(user_data);
    const std::int32_t id = frame->hd.stream_id;
    const Settings& settings = connection.settings_;
    const bool is_one_too_many =
        connection.open_streams_ >= settings.max_streams + settings.streams_above_max;
    // The client will think that one beyond GOAWAY's number was not run, and try it elsewhere.
    const bool is_too_late = connection.drain_ == Connection::DrainStep::kGoAwaySent;
    if (is_one_too_many || is_too_late || !connection.account_.Hold(Stream::kBytes)) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    auto* const stream = new Stream(&connection, id);
    nghttp2_session_set_stream_user_data(session, id, stream);
    // Frame by frame in turns, whatever the client says: by default nghttp2 would finish one
    // response before it begins the next (RFC 9218, 4.2).
    constexpr nghttp2_extpri kInTurns = {.urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY, .inc = 1};
    nghttp2_session_change_extpri_stream_priority(session, id, &kInTurns, 1);
    connection.Began(stream);
    return 0;
  }

  // A malformed request.
  static void Reject(nghttp2_session* session, const Stream& stream) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream.id(), NGHTTP2_PROTOCOL_ERROR);
  }

  static int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, nghttp2_rcbuf* name,
                      nghttp2_rcbuf* value, std::uint8_t /*flags*/, void* user_data) {
    Stream* const stream = Find(session, frame->hd.stream_id);
    if (stream == nullptr) return 0;
    const nghttp2_vec name_bytes = nghttp2_rcbuf_get_buf(name);
    const nghttp2_vec value_bytes = nghttp2_rcbuf_get_buf(value);
    const absl::string_view name_text(reinterpret_cast<char*>(name_bytes.base), name_bytes.len);
    const absl::string_view value_text(reinterpret_cast<char*>(value_bytes.base), value_bytes.len);
    Connection& connection = Of(user_data);
    if (stream->AddHeader(name_text, value_text, connection.settings_.max_header_bytes)) {
      const bool is_allowed = stream->header_ended_
                                  ? RequestRules::AllowTrailer(name_text, value_text)
                                  : stream->rules_.Allow(name_text, value_text);
      if (is_allowed) return 0;
      Reject(session, *stream);
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    connection.EndWithGoAway(Ending::kFlooded, NGHTTP2_ENHANCE_YOUR_CALM, "a header far too long");
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int OnData(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t id,
                    const std::uint8_t* bytes, std::size_t count, void* user_data) {
    Connection& connection = Of(user_data);
    connection.unconsumed_ += count;
    connection.was_of_use_ = true;
    Stream* const stream = Find(session, id);
    if (stream == nullptr) return 0;
    if (!stream->rules_.AllowData(count)) {
      Reject(session, *stream);
      return 0;
    }
    if (stream->exchange_ == nullptr) return 0;  // it was answered already
    stream->exchange_->Received({reinterpret_cast<const char*>(bytes), count});
    connection.AddReady(stream);
    return 0;
  }

  static void OnRequestFrame(nghttp2_session* session, const nghttp2_frame* frame,
                             Connection* connection) {
    Stream* const stream = Find(session, frame->hd.stream_id);
    if (stream == nullptr || stream->closed_) return;
    if (frame->hd.type == NGHTTP2_DATA && frame->data.padlen > 0 &&
        frame->data.padlen == frame->hd.length) {
      connection->Spend(1);  // padding alone
    }
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    const bool is_headers = frame->hd.type == NGHTTP2_HEADERS;
    const bool begins = is_headers && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    const bool is_well_formed = (!begins || stream->rules_.EndHeader()) &&
                                (!is_headers || begins || ends) &&
                                (!ends || stream->rules_.AllowEnd());
    if (!is_well_formed) return Reject(session, *stream);
    if (ends) stream->request_ended_ = true;
    if (begins) {
      stream->HeaderEnded();
      stream->exchange_ = connection->application_.Begin(*stream);
      connection->AddReady(stream);
    } else if (ends) {
      connection->AddReady(stream);
    }
  }

  static int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    Connection& connection = Of(user_data);
    const bool is_ack = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
      case NGHTTP2_DATA:
        OnRequestFrame(session, frame, &connection);
        break;
      case NGHTTP2_SETTINGS:
        if (!is_ack) connection.SettingsCame();
        break;
      case NGHTTP2_PING:
        connection.PingCame(is_ack, frame->ping.opaque_data[0]);
        break;
      default:
        break;
    }
    return 0;
  }

  static int OnStreamClose(nghttp2_session* session, std::int32_t id, std::uint32_t /*error_code*/,
                           void* user_data) {
    Stream* const stream = Find(session, id);
    if (stream != nullptr) Of(user_data).Closed(stream);
    return 0;
  }

  // --- What is sent ---

  static int OnSent(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    Connection& connection = Of(user_data);
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
      // Also those that the client's faults bring about (CVE-2025-8671).
      if (frame->rst_stream.error_code != NGHTTP2_NO_ERROR) connection.Spend(1);
      return 0;
    }
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
      connection.is_malformed_ = true;
    }
    const bool is_response = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    Stream* const stream = is_response ? Find(session, frame->hd.stream_id) : nullptr;
    if (stream == nullptr) return 0;
    connection.was_of_use_ = true;
    const bool is_all = frame->hd.length >= FloodBudget::kShort || stream->queued_ == 0;
    if (frame->hd.type == NGHTTP2_DATA && is_all) {
      connection.flood_budget_.Earn(FloodBudget::kForData);
    }
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    stream->response_left_ = true;
    connection.flood_budget_.Earn(FloodBudget::kForAnAnswer);
    if (!stream->request_ended_) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    return 0;
  }

  // A header longer than nghttp2 sends (64 KiB). Without it the stream would never end.
  static int OnNotSent(nghttp2_session* session, const nghttp2_frame* frame, int error_code,
                       void* /*user_data*/) {
    if (frame->hd.type == NGHTTP2_HEADERS && error_code == NGHTTP2_ERR_FRAME_SIZE_ERROR) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                NGHTTP2_INTERNAL_ERROR);
    }
    return 0;
  }

  static ssize_t ReadBody(nghttp2_session* session, std::int32_t id, std::uint8_t* /*to*/,
                          std::size_t most, std::uint32_t* flags, nghttp2_data_source* source,
                          void* /*user_data*/) {
    auto* const stream = static_cast<Stream*>(source->ptr);
    if (stream->queued_ == 0 && !stream->body_ended_) {
      stream->deferred_ = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    const std::size_t count = std::min(most, stream->queued_);
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (count < stream->queued_ || !stream->body_ended_) return static_cast<ssize_t>(count);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    std::vector<Field> trailers;
    if (stream->exchange_ != nullptr) stream->exchange_->AddTrailers(&trailers);
    if (!trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const HeaderFields fields(trailers);
      nghttp2_submit_trailer(session, id, fields.data(), fields.size());
    }
    return static_cast<ssize_t>(count);
  }

  static int SendBody(nghttp2_session* /*session*/, nghttp2_frame* frame,
                      const std::uint8_t* frame_head, std::size_t count,
                      nghttp2_data_source* source, void* user_data) {
    constexpr std::size_t kHeadBytes = 9;
    Connection& connection = Of(user_data);
    static_cast<void>(frame);  // has no padding: nobody asks for it
    const bool sent =
        connection.output_.Copy({reinterpret_cast<const char*>(frame_head), kHeadBytes}) &&
        static_cast<Stream*>(source->ptr)->MoveTo(&connection.output_, count);
    if (!sent) {
      connection.memory_.Refuse();
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return connection.output_.size() < Output::kMost ? 0 : NGHTTP2_ERR_PAUSE;
  }

  static const nghttp2_session_callbacks* All() {
    static const nghttp2_session_callbacks* const kAll = [] {
      nghttp2_session_callbacks* all = nullptr;
      if (nghttp2_session_callbacks_new(&all) != 0) throw std::bad_alloc();
      nghttp2_session_callbacks_set_on_begin_headers_callback(all, OnBeginHeaders);
      nghttp2_session_callbacks_set_on_header_callback2(all, OnHeader);
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
      // Many small pieces of one header are legal; Stream::AddHeader() bounds it by its bytes, and
      // FloodBudget their number.
      constexpr std::size_t kContinuations = 10'000;
      // FloodBudget bounds these with all else.
      constexpr std::uint64_t kResets = 1'000'000;
      nghttp2_option* options = nullptr;
      if (nghttp2_option_new(&options) != 0) throw std::bad_alloc();
      nghttp2_option_set_no_auto_window_update(options, 1);
      nghttp2_option_set_no_recv_client_magic(options, 1);
      nghttp2_option_set_no_http_messaging(options, 1);  // RequestRules has it
      nghttp2_option_set_no_closed_streams(options, 1);
      nghttp2_option_set_max_continuations(options, kContinuations);
      nghttp2_option_set_stream_reset_rate_limit(options, kResets, kResets);
      return options;
    }();
    return kOptions;
  }

  // nghttp2 would end the whole connection for one stream too many, where RFC 9113, 5.1.2, lets
  // that stream alone be refused. So it is told of no limit, OnBeginHeaders() holds it, and the
  // client is told in the frame itself.
  static bool SubmitSettings(nghttp2_session* session, Connection* connection) {
    const Settings& settings = connection->settings_;
    const std::array<nghttp2_settings_entry, 4> entries = {{
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, NGHTTP2_INITIAL_MAX_CONCURRENT_STREAMS},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.stream_window_bytes},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings.max_header_bytes},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    }};
    const std::uint8_t* bytes = nullptr;
    if (nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, entries.data(), entries.size()) != 0) {
      return false;
    }
    const ssize_t count = nghttp2_session_mem_send(session, &bytes);
    if (count <= 0) return false;
    std::string frame(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
    constexpr std::size_t kFirstValue = 9 + 2;  // behind the frame's head and the first identifier
    for (std::size_t i = 0; i < sizeof(std::uint32_t); ++i) {
      frame[kFirstValue + i] = static_cast<char>(settings.max_streams >> (24 - 8 * i));
    }
    if (!AwaitAnotherAck(session)) return false;
    return connection->output_.Copy(frame) &&
           nghttp2_session_set_local_window_size(
               session, NGHTTP2_FLAG_NONE, 0,
               static_cast<std::int32_t>(settings.connection_window_bytes)) == 0;
  }

  // Some clients acknowledge SETTINGS when they connect, and once more when they come. To nghttp2 an
  // ACK too many is an error of the connection, which RFC 9113 does not call it. So nghttp2 waits
  // for two: the second is that of an empty frame, which does not leave.
  static bool AwaitAnotherAck(nghttp2_session* session) {
    const std::uint8_t* bytes = nullptr;
    return nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, nullptr, 0) == 0 &&
           nghttp2_session_mem_send(session, &bytes) > 0;
  }

  static nghttp2_session* New(Connection* connection) {
    nghttp2_mem memory = connection->memory_.Functions();
    nghttp2_session* session = nullptr;
    if (nghttp2_session_server_new3(&session, All(), connection, Options(), &memory) != 0) {
      return nullptr;
    }
    if (SubmitSettings(session, connection)) return session;
    nghttp2_session_del(session);
    return nullptr;
  }
};

nghttp2_session* NewSession(Connection* connection) { return SessionCallbacks::New(connection); }

nghttp2_data_provider BodyOf(Stream* stream) {
  return {.source = {.ptr = stream}, .read_callback = SessionCallbacks::ReadBody};
}

}  // namespace http2
