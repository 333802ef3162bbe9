// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the server sees of a caller.
//
//   co_await call.Finish(WhoAmI(call));
//
// Thread safety: on the thread of the call.

#ifndef SERVER_WHO_AM_I_H_
#define SERVER_WHO_AM_I_H_

#include "rpc/call/call.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho {

v1::WhoAmIResponse WhoAmI(const rpc::Call& call);

}  // namespace udsecho

#endif  // SERVER_WHO_AM_I_H_
