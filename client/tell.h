// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Something that somebody at a prompt should know, while what tells it goes on.
//
// Thread safety: a type.

#ifndef CLIENT_TELL_H_
#define CLIENT_TELL_H_

#include <functional>
#include <string>

namespace udsecho::client {

// Takes one printable line, without its line feed.
using Tell = std::function<void(const std::string& line)>;

}  // namespace udsecho::client

#endif  // CLIENT_TELL_H_
