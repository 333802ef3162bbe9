// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/security/process_usage.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace udsecho::security {
namespace {

std::string Content(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    std::perror(path.c_str());
    std::abort();
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

// Field `name` of a /proc/PID/status: "VmRSS:	   10240 kB".
std::int64_t Field(const std::string& status, const std::string& name) {
  std::istringstream rest(status.substr(status.find("\n" + name + ":") + name.size() + 2));
  std::int64_t value = 0;
  rest >> value;
  return value;
}

// proc(5): utime and stime are the 14th and 15th field; the second may have spaces.
absl::Duration CpuTime(const std::string& stat) {
  const std::vector<std::string> fields =
      absl::StrSplit(stat.substr(stat.rfind(')') + 2), ' ');  // from the third
  std::int64_t user = 0;
  std::int64_t system = 0;
  if (!absl::SimpleAtoi(fields.at(11), &user) || !absl::SimpleAtoi(fields.at(12), &system)) {
    std::abort();
  }
  return absl::Seconds(user + system) / sysconf(_SC_CLK_TCK);
}

}  // namespace

Usage UsageOf(pid_t pid) {
  constexpr std::int64_t kKiB = 1024;
  const std::string directory = absl::StrCat("/proc/", pid);
  const std::string status = Content(directory + "/status");
  const std::filesystem::directory_iterator descriptors(directory + "/fd");
  return {.resident_bytes = Field(status, "VmRSS") * kKiB,
          .most_resident_bytes = Field(status, "VmHWM") * kKiB,
          .threads = static_cast<int>(Field(status, "Threads")),
          .descriptors = static_cast<int>(std::distance(begin(descriptors), end(descriptors))),
          .cpu = CpuTime(Content(directory + "/stat"))};
}

}  // namespace udsecho::security
