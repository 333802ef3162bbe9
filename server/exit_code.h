// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the daemon's exit status tells. Documented for users in --help and the README.

#ifndef SERVER_EXIT_CODE_H_
#define SERVER_EXIT_CODE_H_

namespace udsecho {

enum ExitCode : int {
  kClean = 0,           // stopped, and every call was answered
  kFailed = 1,          // could not go on, or not start for another reason than the address
  kUsage = 2,           // a flag or an argument that makes no sense
  kAddressRefused = 3,  // the address cannot be had: in use, not a socket, not permitted
  kCallsCutOff = 4,     // stopped, but calls in flight were cut off at the end of the grace period
  kStuck = 5,           // could not stop within a second of the cut: a call kept its thread
};

}  // namespace udsecho

#endif  // SERVER_EXIT_CODE_H_
