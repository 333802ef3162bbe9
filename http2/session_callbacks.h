// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The seam between a connection and nghttp2.
//
// Thread safety: none; on the connection's thread. Ownership: the connection owns the session.

#ifndef HTTP2_SESSION_CALLBACKS_H_
#define HTTP2_SESSION_CALLBACKS_H_

#include <nghttp2/nghttp2.h>

namespace http2 {

class Connection;
class Stream;

// A server's session that tells `connection` of what comes, with its SETTINGS queued, its memory on
// the connection's account, and the preface already read. Null when the account may not have it.
nghttp2_session* NewSession(Connection* connection);

// What nghttp2 asks for the bytes of a stream's response.
nghttp2_data_provider BodyOf(Stream* stream);

}  // namespace http2

#endif  // HTTP2_SESSION_CALLBACKS_H_
