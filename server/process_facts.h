// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the system says of processes and users, for people to read.
//
//   connection.set_command(CommandOf(peer));
//   const UserNames names = ReadUserNames();
//
// Nothing here may hold up the thread that serves everybody. So names come from /etc/passwd alone:
// getpwuid(3) may ask a directory server, and wait for it. A user who is only known there has no
// name here; whoever reads the answer may look the uid up for themselves.
//
// Thread safety: free functions without state.

#ifndef SERVER_PROCESS_FACTS_H_
#define SERVER_PROCESS_FACTS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <unordered_map>

#include "uds/peer_credentials.h"

namespace udsecho {

// Of this process, in bytes; 0 if the kernel does not tell.
std::uint64_t ResidentBytes();

// The first 15 bytes of the command's name; empty if there is no such process, or if it is known to
// be another one by now (SO_PEERPIDFD).
std::string CommandOf(const uds::PeerCredentials& peer);

// The first name of each uid, of the file's first 10,000 lines.
using UserNames = std::unordered_map<uid_t, std::string>;
UserNames ReadUserNames(const char* file = "/etc/passwd");

}  // namespace udsecho

#endif  // SERVER_PROCESS_FACTS_H_
