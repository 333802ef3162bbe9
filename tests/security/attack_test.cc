// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/security/attack_test.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/support/patience.h"

namespace udsecho::security {
namespace {

// Between two looks at what nothing tells the change of: /proc, and many full sockets.
constexpr std::chrono::milliseconds kLook(5);

}  // namespace

std::string Times(int count, const std::string& bytes) {
  std::string all;
  all.reserve(count * bytes.size());
  for (int i = 0; i < count; ++i) all += bytes;
  return all;
}

void AttackTest::SetUp() {
  if (!support::MayBeOthers()) GTEST_SKIP() << support::kNeedsRoot;
}

void AttackTest::Serve(const std::vector<std::string>& flags) {
  const std::vector<std::string> defaults = {
      "--mode=0666", absl::StrCat("--max_memory=", kMaxMemory / kMiB, "MiB"),
      absl::StrCat("--handshake_timeout=", kTimeoutSeconds, "s"),
      absl::StrCat("--send_timeout=", kTimeoutSeconds, "s"), "--grace=1s"};
  std::vector<std::string> all = flags;
  for (const std::string& flag : defaults) {
    const absl::string_view name = absl::string_view(flag).substr(0, flag.find('=') + 1);
    if (std::none_of(flags.begin(), flags.end(),
                     [&](const std::string& given) { return absl::StartsWith(given, name); })) {
      all.push_back(flag);
    }
  }
  server_ = std::make_unique<integration::ServerProcess>(
      integration::ServerProcess::Options{.path = "", .flags = all, .spawn = {}});
  const std::string directory = std::filesystem::path(path()).parent_path();
  ASSERT_EQ(chmod(directory.c_str(), 0755), 0);
  at_rest_ = Now();
  honest_ = std::make_unique<HonestClient>(kHonest, path());
  honest_->AwaitAnswers(1);
  ASSERT_TRUE(honest_->is_well());
}

RawPeer AttackTest::Attacker(uid_t uid) const {
  RawPeer peer = Connect(uid);
  EXPECT_TRUE(peer.connected());
  peer.Greet();
  return peer;
}

std::vector<RawPeer> AttackTest::Attackers(int count, uid_t uid) const {
  std::vector<RawPeer> attackers;
  for (int i = 0; i < count; ++i) attackers.push_back(Attacker(uid));
  return attackers;
}

void AttackTest::While(const std::function<void()>& attack, int answers) {
  const support::Deadline deadline;
  const int until = honest().answers() + answers;
  do {
    attack();
  } while (honest().answers() < until && honest().is_well() && !deadline.IsOver());
  EXPECT_GE(honest().answers(), until);
}

void AttackTest::Flood(int count, const std::string& bytes) {
  std::vector<RawPeer> attackers = Attackers(count);
  std::vector<absl::string_view> unsent(count, bytes);
  While([&] {
    bool stuck = true;
    for (int i = 0; i < count; ++i) {
      if (unsent[i].empty() || attackers[i].IsClosed()) {
        attackers[i] = Attacker();
        unsent[i] = bytes;
      }
      const std::size_t sent = attackers[i].SendWhatFits(unsent[i]);
      unsent[i].remove_prefix(sent);
      if (sent > 0) stuck = false;
    }
    if (stuck) std::this_thread::sleep_for(kLook);
  });
}

void AttackTest::BeginLongCall(RawPeer* peer) {
  const auto call = [](std::uint32_t stream, const std::string& request) {
    return Request(stream, kEcho) + DataFrame(stream, GrpcMessage(request), kEndStream);
  };
  ASSERT_TRUE(peer->Send(call(1, DelayedEchoRequest("x", 600)) + call(3, EchoRequest("x"))));
  ASSERT_EQ(peer->AwaitStatus(3), 0);  // which came after it
}

void AttackTest::SendAll(std::vector<RawPeer>* attackers, const std::string& bytes) {
  const support::Deadline deadline;
  std::vector<absl::string_view> unsent(attackers->size(), bytes);
  bool moving = true;
  // Until each has sent all, was closed, or has no room for as long as the server would wait.
  for (auto stuck_since = std::chrono::steady_clock::now();
       !deadline.IsOver() && std::chrono::steady_clock::now() - stuck_since <
                                 std::chrono::seconds(2 * kTimeoutSeconds);) {
    moving = false;
    bool done = true;
    for (std::size_t i = 0; i < unsent.size(); ++i) {
      if (unsent[i].empty() || (*attackers)[i].IsClosed()) continue;
      done = false;
      const std::size_t sent = (*attackers)[i].SendWhatFits(unsent[i]);
      unsent[i].remove_prefix(sent);
      moving = moving || sent > 0;
    }
    if (done) return;
    if (moving) {
      stuck_since = std::chrono::steady_clock::now();
    } else {
      std::this_thread::sleep_for(kLook);
    }
  }
}

void AttackTest::AwaitUsage(const std::function<bool(const Usage&)>& holds,
                            const std::string& what) const {
  const support::Deadline deadline;
  while (!holds(Now()) && !deadline.IsOver()) std::this_thread::sleep_for(kLook);
  const Usage now = Now();
  EXPECT_TRUE(holds(now)) << what << ": now " << now.descriptors << " descriptors, " << now.threads
                          << " threads, " << now.resident_bytes / kMiB << " MiB; at rest "
                          << at_rest_.descriptors << ", " << at_rest_.threads << ", "
                          << at_rest_.resident_bytes / kMiB;
}

void AttackTest::AwaitDescriptorsOfRest() const {
  AwaitUsage(
      [this](const Usage& now) {
        return now.descriptors <= at_rest_.descriptors + kKeptDescriptors;
      },
      "descriptors are not back");
}

void AttackTest::Settle() {
  if (std::exchange(settled_, true)) return;
  honest().AwaitAnswers(5);
  honest().ExpectNothingLost();
  AwaitDescriptorsOfRest();
  const Usage now = Now();
  EXPECT_LE(now.most_resident_bytes, kMaxMemory + kAllowance) << "bytes resident at the most";
  EXPECT_LE(now.threads, at_rest_.threads + kKeptThreads);
  std::cout << honest().Summary() << "; the server: " << now.most_resident_bytes / kMiB
            << " MiB at the most, " << now.threads << " threads (" << at_rest_.threads
            << " at rest)\n";
  EXPECT_EQ(server_->Stop(), integration::kClean);
}

void AttackTest::TearDown() {
  if (honest_ != nullptr) Settle();
}

}  // namespace udsecho::security
