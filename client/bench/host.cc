// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/host.h"

#include <sched.h>
#include <sys/utsname.h>

#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/version.h"
#include "grpcpp/grpcpp.h"

namespace udsecho::client {
namespace {

std::string CpuModel() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || !absl::StartsWith(line, "model name")) continue;
    return std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return "";
}

}  // namespace

Surroundings Surroundings::Here() {
  Surroundings here{.cores = 0,
                    .cpu = CpuModel(),
                    .kernel = "",
                    .client = cli::kVersion,
                    .grpc = grpc::Version()};
  cpu_set_t cores = {};
  // It fails where there are more than 1024.
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) here.cores = CPU_COUNT(&cores);
  utsname name = {};
  if (uname(&name) == 0) {
    here.kernel = absl::StrCat(name.sysname, " ", name.release, " ", name.machine);
  }
  return here;
}

}  // namespace udsecho::client
