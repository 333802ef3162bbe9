// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/process_facts.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>

#include "absl/strings/str_cat.h"

namespace udsecho {
namespace {

constexpr int kMostUsers = 10'000;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

std::uint64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  if (!(statm >> size >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::string CommandOf(const uds::PeerCredentials& peer) {
  if (!peer.pid.has_value()) return "";
  std::ifstream comm(absl::StrCat("/proc/", *peer.pid, "/comm"));
  std::string command;
  std::getline(comm, command);
  // Asked last: if it has not ended by now, it had not while that was read.
  return uds::IsStillItsPid(peer).value_or(true) ? command : "";
}

UserNames ReadUserNames(const char* file) {
  UserNames names;
  const std::unique_ptr<std::FILE, CloseFile> opened(std::fopen(file, "re"));
  if (opened == nullptr) return names;
  std::array<char, 4096> text;
  passwd entry{};
  passwd* found = nullptr;
  for (int i = 0; i < kMostUsers; ++i) {
    if (fgetpwent_r(opened.get(), &entry, text.data(), text.size(), &found) != 0) break;
    names.emplace(entry.pw_uid, entry.pw_name);
  }
  return names;
}

}  // namespace udsecho
