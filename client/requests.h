// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The messages of udsecho.v1.Echo with what the command line puts into each.
//
//   absl::StatusOr<Requests> requests = Requests::Make(options, STDIN_FILENO);
//   requests->FillEcho("hi", &request);
//
// Thread safety: a value; const access from several threads is fine.

#ifndef CLIENT_REQUESTS_H_
#define CLIENT_REQUESTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/options.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho::client {

class Requests {
 public:
  // Reads the payload's file, if there is one; `in` is what "-" stands for. The errors of reading
  // it: client/read_file.h.
  static absl::StatusOr<Requests> Make(const Options& options, int in);

  // `request` may have been filled before.
  void FillEcho(absl::string_view message, v1::EchoRequest* request) const;
  void FillExpand(absl::string_view message, v1::ExpandRequest* request) const;

 private:
  v1::EchoRequest echo_;
  v1::ExpandRequest expand_;
};

}  // namespace udsecho::client

#endif  // CLIENT_REQUESTS_H_
