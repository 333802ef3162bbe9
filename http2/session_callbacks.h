// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Connects a connection to nghttp2: its callbacks, its options, its memory.
//
// Thread safety: none; on the connection's thread. Ownership: the connection owns the session.

#ifndef HTTP2_SESSION_CALLBACKS_H_
#define HTTP2_SESSION_CALLBACKS_H_

#include <nghttp2/nghttp2.h>

namespace http2 {

class Connection;
class Stream;

// A server's session that calls `connection`. Its SETTINGS are queued, its memory is on the
// connection's account, and it expects the bytes behind the preface. Null if the account may not
// hold so much.
nghttp2_session* NewSession(Connection* connection);

// Where nghttp2 gets the bytes of a stream's response.
nghttp2_data_provider BodyOf(Stream* stream);

}  // namespace http2

#endif  // HTTP2_SESSION_CALLBACKS_H_
