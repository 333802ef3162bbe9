// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Connects a client's connection to nghttp2: its callbacks and its options.
//
// Thread safety: none; on the connection's thread. Ownership: the connection owns the session.

#ifndef HTTP2_CLIENT_CALLBACKS_H_
#define HTTP2_CLIENT_CALLBACKS_H_

#include <nghttp2/nghttp2.h>

namespace http2 {

class ClientConnection;

// A session that calls `connection`, with its SETTINGS queued.
nghttp2_session* NewClientSession(ClientConnection* connection);

// Where nghttp2 gets the bytes of requests.
nghttp2_data_provider RequestBody();

}  // namespace http2

#endif  // HTTP2_CLIENT_CALLBACKS_H_
