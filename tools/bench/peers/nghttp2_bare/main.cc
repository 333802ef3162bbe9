// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The floor: the least that a gRPC server on nghttp2 can cost. It serves Echo, Expand and Chat, and
// has no limits, deadlines, metadata, log or health. A connection's turn is one recv and one send.
//
//   nghttp2_bare SOCKET_PATH

#include <nghttp2/nghttp2.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/bench/peers/answers.h"
#include "udsecho/v1/echo.pb.h"

namespace peers {
namespace {

using udsecho::v1::EchoRequest;
using udsecho::v1::EchoResponse;

constexpr std::size_t kPrefix = 5;      // bytes before each message of gRPC
constexpr std::size_t kTurn = 1 << 16;  // bytes: of one recv, and gathered for one send
constexpr std::uint32_t kWindow = 1 << 20;

enum class Method { kUnknown, kEcho, kExpand, kChat };
constexpr std::pair<Method, std::string_view> kPaths[] = {
    {Method::kEcho, "/udsecho.v1.Echo/Echo"},
    {Method::kExpand, "/udsecho.v1.Echo/Expand"},
    {Method::kChat, "/udsecho.v1.Echo/Chat"},
};

struct Stream {
  Method method = Method::kUnknown;
  bool answered = false;  // the response was submitted
  bool complete = false;  // the trailers follow when `out` was sent
  std::string in;         // the beginning of a message
  std::string out;
  std::size_t sent = 0;  // bytes of `out`
  udsecho::v1::ExpandRequest request;
  std::unique_ptr<Expansion> expansion;
  EchoResponse response;
};

// Owns its streams. One that has ended serves again, and keeps its buffers.
struct Connection {
  int fd = -1;
  nghttp2_session* session = nullptr;
  std::deque<Stream> streams;
  std::vector<Stream*> unused;
  std::string out;
  bool waits = false;  // until the socket takes more
};

nghttp2_nv Header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    // nghttp2 only reads it.
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));  // NOLINT(*-const-cast)
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

void Append(const EchoResponse& response, std::string* out) {
  const std::size_t size = response.ByteSizeLong();
  const std::size_t at = out->size();
  out->resize(at + kPrefix + size);
  auto* const bytes = reinterpret_cast<std::uint8_t*>(out->data() + at);
  for (std::size_t i = 1; i < kPrefix; ++i)
    bytes[i] = static_cast<std::uint8_t>(size >> (32 - 8 * i));
  response.SerializeWithCachedSizesToArray(bytes + kPrefix);
}

// Fills one DATA frame.
ssize_t ReadData(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
                 std::size_t length, std::uint32_t* flags, nghttp2_data_source* source,
                 void* /*connection*/) {
  static const nghttp2_nv kTrailer = Header("grpc-status", "0");
  auto* const stream = static_cast<Stream*>(source->ptr);
  if (stream->expansion != nullptr) {
    stream->out.erase(0, stream->sent);
    stream->sent = 0;
    while (stream->out.size() < length && stream->expansion->Next(&stream->response)) {
      Append(stream->response, &stream->out);
    }
    stream->complete = stream->expansion->at_end();
  }
  const std::size_t size = std::min(length, stream->out.size() - stream->sent);
  std::copy_n(stream->out.data() + stream->sent, size, buffer);
  stream->sent += size;
  if (stream->sent < stream->out.size()) return static_cast<ssize_t>(size);
  stream->out.clear();
  stream->sent = 0;
  if (stream->complete) {
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    nghttp2_submit_trailer(session, id, &kTrailer, 1);
  } else if (size == 0) {
    return NGHTTP2_ERR_DEFERRED;
  }
  return static_cast<ssize_t>(size);
}

// There is something more to send.
void Answer(nghttp2_session* session, std::int32_t id, Stream* stream) {
  static const std::array<nghttp2_nv, 2> kHeaders = {Header(":status", "200"),
                                                     Header("content-type", "application/grpc")};
  if (stream->answered) {
    nghttp2_session_resume_data(session, id);
    return;
  }
  nghttp2_data_provider provider{.source = {.ptr = stream}, .read_callback = ReadData};
  nghttp2_submit_response(session, id, kHeaders.data(), kHeaders.size(), &provider);
  stream->answered = true;
}

// False when it is no message.
bool OnMessage(std::string_view bytes, Stream* stream) {
  static EchoRequest request;
  const int size = static_cast<int>(bytes.size());
  if (stream->method == Method::kExpand) {
    if (!stream->request.ParseFromArray(bytes.data(), size)) return false;
    stream->expansion = std::make_unique<Expansion>(stream->request);
    return true;
  }
  if (!request.ParseFromArray(bytes.data(), size)) return false;
  Reply(request, &stream->response);
  Append(stream->response, &stream->out);
  return true;
}

int OnBeginHeaders(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
  auto* const connection = static_cast<Connection*>(user_data);
  if (nghttp2_session_get_stream_user_data(session, frame->hd.stream_id) != nullptr) return 0;
  if (connection->unused.empty()) connection->unused.push_back(&connection->streams.emplace_back());
  nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, connection->unused.back());
  connection->unused.pop_back();
  return 0;
}

int OnHeader(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
             std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
             std::uint8_t /*flags*/, void* /*connection*/) {
  if (name_size != 5 || std::memcmp(name, ":path", 5) != 0) return 0;
  const std::string_view path(reinterpret_cast<const char*>(value), value_size);
  auto* const stream =
      static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, frame->hd.stream_id));
  for (const auto& [method, its_path] : kPaths) {
    if (path == its_path) stream->method = method;
  }
  return stream->method == Method::kUnknown ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE : 0;
}

int OnData(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t id,
           const std::uint8_t* data, std::size_t size, void* /*connection*/) {
  auto* const stream = static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  if (stream == nullptr) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!stream->in.empty()) bytes = stream->in.append(bytes);
  while (bytes.size() >= kPrefix) {
    std::size_t length = 0;
    for (std::size_t i = 1; i < kPrefix; ++i)
      length = length << 8 | static_cast<std::uint8_t>(bytes[i]);
    if (bytes.size() - kPrefix < length) break;
    if (!OnMessage(bytes.substr(kPrefix, length), stream)) return NGHTTP2_ERR_CALLBACK_FAILURE;
    bytes.remove_prefix(kPrefix + length);
  }
  if (stream->in.empty()) {
    stream->in = bytes;
  } else {
    stream->in.erase(0, stream->in.size() - bytes.size());
  }
  if (stream->method == Method::kChat) Answer(session, id, stream);
  return 0;
}

int OnFrame(nghttp2_session* session, const nghttp2_frame* frame, void* /*connection*/) {
  const std::int32_t id = frame->hd.stream_id;
  const bool ends = (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
                    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (!ends) return 0;
  auto* const stream = static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  if (stream == nullptr) return 0;
  stream->complete = stream->expansion == nullptr;
  Answer(session, id, stream);
  return 0;
}

int OnClose(nghttp2_session* session, std::int32_t id, std::uint32_t /*error*/, void* user_data) {
  auto* const stream = static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  if (stream == nullptr) return 0;
  stream->method = Method::kUnknown;
  stream->answered = stream->complete = false;
  stream->in.clear();
  stream->out.clear();
  stream->sent = 0;
  stream->expansion.reset();
  static_cast<Connection*>(user_data)->unused.push_back(stream);
  return 0;
}

class Server {
 public:
  explicit Server(int listener) : listener_(listener) {
    nghttp2_session_callbacks_new(&callbacks_);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks_, OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(callbacks_, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks_, OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks_, OnFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks_, OnClose);
    nghttp2_option_new(&option_);
    nghttp2_option_set_no_closed_streams(option_, 1);
    Watch(EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
  }

  [[noreturn]] void Run() {
    std::array<epoll_event, 64> events;
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        auto* const connection = static_cast<Connection*>(events[i].data.ptr);
        if (connection == nullptr) {
          Accept();
        } else if (!Turn(connection, (events[i].events & ~EPOLLOUT) != 0)) {
          close(connection->fd);
          nghttp2_session_del(connection->session);
          delete connection;
        }
      }
    }
  }

 private:
  void Watch(int operation, int fd, std::uint32_t what, Connection* connection) const {
    epoll_event event{.events = what, .data = {.ptr = connection}};
    epoll_ctl(epoll_, operation, fd, &event);
  }

  void Accept() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    auto* const connection = new Connection;
    connection->fd = fd;
    nghttp2_session_server_new2(&connection->session, callbacks_, connection, option_);
    const std::array<nghttp2_settings_entry, 3> settings = {{
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    }};
    nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings.data(),
                            settings.size());
    nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0, kWindow);
    Watch(EPOLL_CTL_ADD, fd, EPOLLIN, connection);
  }

  // False when the connection is over.
  bool Turn(Connection* connection, bool readable) {
    if (readable) {
      const ssize_t size = recv(connection->fd, in_.data(), in_.size(), 0);
      if (size <= 0) return size < 0 && errno == EAGAIN;
      if (nghttp2_session_mem_recv(connection->session, in_.data(),
                                   static_cast<std::size_t>(size)) < 0) {
        return false;
      }
    }
    const std::uint8_t* data = nullptr;
    while (connection->out.size() < kTurn) {
      const ssize_t size = nghttp2_session_mem_send(connection->session, &data);
      if (size < 0) return false;
      if (size == 0) break;
      connection->out.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    }
    const bool more = connection->out.size() >= kTurn;
    if (!connection->out.empty()) {
      const ssize_t size =
          send(connection->fd, connection->out.data(), connection->out.size(), MSG_NOSIGNAL);
      if (size < 0 && errno != EAGAIN) return false;
      if (size > 0) connection->out.erase(0, static_cast<std::size_t>(size));
    }
    const bool waits = more || !connection->out.empty();
    if (waits != connection->waits) {
      Watch(EPOLL_CTL_MOD, connection->fd, waits ? EPOLLIN | EPOLLOUT : EPOLLIN, connection);
    }
    connection->waits = waits;
    return waits || nghttp2_session_want_read(connection->session) != 0;
  }

  const int listener_;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  nghttp2_session_callbacks* callbacks_ = nullptr;
  nghttp2_option* option_ = nullptr;
  std::array<std::uint8_t, kTurn> in_;
};

int Serve(std::string_view path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof(address.sun_path)) return 2;
  path.copy(address.sun_path, path.size());
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener, SOMAXCONN) != 0) {
    std::cerr << "nghttp2_bare: " << std::strerror(errno) << '\n';
    return 1;
  }
  Server(listener).Run();
}

}  // namespace
}  // namespace peers

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: nghttp2_bare SOCKET_PATH\n";
    return 2;
  }
  return peers::Serve(argv[1]);
}
