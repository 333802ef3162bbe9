// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The version of the project and its date, which server and client share. Stated here and nowhere
// else.
//
// Thread safety: a constant.

#ifndef CLI_VERSION_H_
#define CLI_VERSION_H_

namespace udsecho::cli {

// As semver.org says.
inline constexpr char kVersion[] = "0.1.0";

// Of the version: the day on which what it does changed last. The manual pages have it.
inline constexpr char kVersionDate[] = "2026-11-28";

}  // namespace udsecho::cli

#endif  // CLI_VERSION_H_
