// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A path that a test claims, and a look at who answers there.
//
//   using ClaimTest = ClaimBed;
//   TEST_F(ClaimTest, Serves) { ASSERT_THAT(Serve(), IsOk()); }

#ifndef TESTS_UDS_CLAIM_BED_H_
#define TESTS_UDS_CLAIM_BED_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/support/temp_dir.h"
#include "tests/uds/raw_socket.h"
#include "uds/claim.h"
#include "uds/unique_fd.h"

namespace uds {

// Why a claim fails.
constexpr absl::StatusCode kInUse = absl::StatusCode::kAlreadyExists;
constexpr absl::StatusCode kRefused = absl::StatusCode::kFailedPrecondition;

class ClaimBed : public testing::Test {
 protected:
  absl::StatusOr<Claim> Take() { return Claim::Take(AddressOf(path_)); }

  // Claims, binds and listens.
  absl::StatusOr<std::pair<Claim, UniqueFd>> Serve() {
    absl::StatusOr<Claim> claim = Take();
    if (!claim.ok()) return claim.status();
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (absl::Status status = claim->Bind(fd.get(), {}); !status.ok()) return status;
    CheckThat(listen(fd.get(), 16) == 0, "listen");
    return std::make_pair(*std::move(claim), std::move(fd));
  }

  // Whether `server` is the one that answers at the path.
  bool IsServedBy(const UniqueFd& server) {
    UniqueFd client = Dial(path_);
    if (!client.valid()) return false;
    fcntl(server.get(), F_SETFL, O_NONBLOCK);
    UniqueFd accepted;
    // The claims' probes may wait in front of this client.
    for (;;) {
      accepted = UniqueFd(accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!accepted.valid()) return false;
      char byte = 0;
      if (recv(accepted.get(), &byte, 1, MSG_DONTWAIT) != 0) return true;
    }
  }

  // What /proc/net/unix shows.
  static std::string NameOf(const UniqueFd& socket) {
    sockaddr_un name = {};
    socklen_t length = sizeof(name);
    CheckThat(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &length) == 0,
              "getsockname");
    return name.sun_path;
  }

  support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  const std::string aside_path_ = dir_.Path(".s.old");
  const std::string lock_path_ = dir_.Path("s.lock");
};

}  // namespace uds

#endif  // TESTS_UDS_CLAIM_BED_H_
