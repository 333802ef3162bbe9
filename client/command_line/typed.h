// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The command line as it was typed, to be shown to others and pasted into a shell.
//
//   Typed({"bazel-bin/client/client", "/tmp/s", "a b", "-H", "authorization:secret"})
//       ->  "client /tmp/s 'a b' -H authorization:..."
//
// The values of metadata are left out, for tokens are among them. Long words are cut.
//
// Thread safety: a pure function.

#ifndef CLIENT_COMMAND_LINE_TYPED_H_
#define CLIENT_COMMAND_LINE_TYPED_H_

#include <string>
#include <vector>

namespace udsecho::client {

// `words` as main gets them.
std::string Typed(const std::vector<std::string>& words);

}  // namespace udsecho::client

#endif  // CLIENT_COMMAND_LINE_TYPED_H_
