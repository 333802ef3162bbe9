// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --flagfile=FILE: more of the command line, an argument a line, that SIGHUP reads again.
//
//   # Who may call.
//   --allow=uid:1000,gid:docker
//   --log_level=warn
//
// Empty lines and those that begin with # count for nothing, nor do blanks around a line. What is
// within a line is kept as it is: there are no quotes and no escapes.
//
// Thread safety: pure functions, but for reading the file.

#ifndef SERVER_FLAG_FILE_H_
#define SERVER_FLAG_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace udsecho {

struct FlagFileArguments {
  std::vector<std::string> all;  // the command line, each file's lines after the flag that names it
  std::vector<std::string> of_file;  // those lines alone
};

// `arguments`: without the program's name. An error names the file and says what to do.
absl::StatusOr<FlagFileArguments> ExpandFlagFiles(const std::vector<std::string>& arguments);

// Whether SIGHUP can change what such a line says.
bool IsReloadable(absl::string_view line);

}  // namespace udsecho

#endif  // SERVER_FLAG_FILE_H_
