// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/socket_flags.h"

#include <sys/stat.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cli/duration.h"
#include "server/accounts.h"

namespace udsecho {
namespace {

constexpr char kGroup[] = "Who may call";
constexpr absl::Duration kLongestWait = absl::Hours(24);

mode_t ParseMode(const std::string& text) {
  constexpr size_t kLongest = sizeof("00777") - 1;
  if (text.empty() || text.size() > kLongest ||
      text.find_first_not_of("01234567") != std::string::npos) {
    throw CLI::ValidationError(absl::StrCat(
        "--mode: '", text, "' is no mode; use octal digits as chmod does, such as 0660"));
  }
  const auto mode = static_cast<mode_t>(std::stoul(text, nullptr, 8));
  if (mode > (S_IRWXU | S_IRWXG | S_IRWXO)) {
    throw CLI::ValidationError(absl::StrCat(
        "--mode: ", text, " sets more than permissions; a socket has none but 0 to 0777"));
  }
  if ((mode & S_IWUSR) == 0) {
    throw CLI::ValidationError(
        absl::StrCat("--mode: with ", text,
                     " not even the server's own user could connect, which takes the right to "
                     "write; use 0600, 0660 or 0666"));
  }
  return mode;
}

gid_t ParseGroup(const std::string& text) {
  if (const std::optional<id_t> gid = ParseId(text); gid.has_value()) return *gid;
  const absl::StatusOr<gid_t> gid = LookUpGroup(text);
  if (gid.ok()) return *gid;
  throw CLI::ValidationError(
      absl::StrCat("--group: ", gid.status().message(), "; give the name or the number of one"));
}

absl::Duration ParseWait(const std::string& text) {
  const absl::StatusOr<absl::Duration> duration = cli::ParseDuration("--wait_for_path", text);
  if (!duration.ok()) throw CLI::ValidationError(std::string(duration.status().message()));
  if (*duration < absl::ZeroDuration() || *duration > kLongestWait) {
    throw CLI::ValidationError(
        absl::StrCat("--wait_for_path: must be from 0 to ", absl::FormatDuration(kLongestWait)));
  }
  return *duration;
}

void DeclarePathFlags(CLI::App* app, SocketFlags* flags) {
  app->add_flag("--allow_shared_directory", flags->allow_shared_directory,
                "Serve where other users can replace the socket")
      ->group(kGroup);
  app->add_flag("--takeover", flags->take_over,
                "Take the path from a server of this user that serves there")
      ->group(kGroup);
  app->add_option_function<std::string>(
         "--wait_for_path",
         [flags](const std::string& text) { flags->wait_for_path = ParseWait(text); },
         "How long to wait for a server that stops (--grace and 2s)")
      ->type_name("TIME");
}

}  // namespace

void DeclareSocketFlags(CLI::App* app, SocketFlags* flags) {
  app->add_option_function<std::string>(
         "--mode", [flags](const std::string& text) { flags->mode = ParseMode(text); },
         "The socket's mode: who may connect (0600)")
      ->type_name("OCTAL")
      ->group(kGroup);
  app->add_option_function<std::string>(
         "--group", [flags](const std::string& text) { flags->group = ParseGroup(text); },
         "The socket's group; give --mode=0660 too")
      ->type_name("NAME|GID")
      ->group(kGroup);
  app->add_option_function<std::vector<std::string>>(
         "--allow",
         [flags](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             const absl::Status added = flags->allow.Add(text);
             if (!added.ok()) {
               throw CLI::ValidationError(absl::StrCat("--allow: ", added.message()));
             }
           }
         },
         "Serve these alone: uid:N, user:NAME, gid:NAME|N")
      ->type_name("WHO,...")
      ->type_size(1)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(kGroup);
  DeclarePathFlags(app, flags);
}

}  // namespace udsecho
