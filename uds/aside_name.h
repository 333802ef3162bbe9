// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A name with a dot in front, for a socket that is not, or not yet, at its path.
//
//   absl::StatusOr<std::string> name = AsideName(directory, ".old", /*is_alone=*/true);
//
// Thread safety: free functions without state.

#ifndef UDS_ASIDE_NAME_H_
#define UDS_ASIDE_NAME_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "uds/directory.h"

namespace uds {

// In `directory`, where nothing has it. `is_alone`: under the path's lock, one process at a time asks
// for this suffix. Then it is the same each time, if that can be had, and what a killed process has
// left there is removed. What is no dead socket, or is another user's, is left alone: it must not keep
// us out. ALREADY_EXISTS when a hundred names were taken.
absl::StatusOr<std::string> AsideName(const Directory& directory, absl::string_view suffix,
                                      bool is_alone);

// One that nobody else will think of.
std::string RandomAsideName(absl::string_view suffix);

}  // namespace uds

#endif  // UDS_ASIDE_NAME_H_
