// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The exit codes as users were promised them. Written out again, and not included from the
// programs, so that a change there is noticed here.

#ifndef TESTS_INTEGRATION_EXIT_CODES_H_
#define TESTS_INTEGRATION_EXIT_CODES_H_

namespace udsecho::integration {

// server
inline constexpr int kClean = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kAddressRefused = 3;
inline constexpr int kCallsCutOff = 4;
inline constexpr int kStuck = 5;

// client
inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNoConnection = 3;
inline constexpr int kDeadlineExceeded = 64 + 4;
inline constexpr int kPermissionDenied = 64 + 7;
inline constexpr int kResourceExhausted = 64 + 8;
inline constexpr int kUnavailable = 64 + 14;

}  // namespace udsecho::integration

#endif  // TESTS_INTEGRATION_EXIT_CODES_H_
