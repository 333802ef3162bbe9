// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

#include "tests/support/patience.h"
#include "tests/support/status_matchers.h"

namespace rpc {
namespace {

using support::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr absl::string_view kSettings("\0\0\0\4\0\0\0\0\0", 9);

class GateTest : public ::testing::Test {
 protected:
  explicit GateTest(absl::Duration handshake_timeout = absl::InfiniteDuration())
      : gate_(loop_.get(), {.max_silent_connections = 3, .handshake_timeout = handshake_timeout},
              &counters_,
              {.spoke =
                   [this](Newcomer* newcomer) {
                     if (busy_) return false;
                     spoke_.push_back(newcomer->peer.uid);
                     taken_.push_back(std::move(newcomer->fd));
                     return true;
                   },
               .refused = [this](const absl::Status& why) { refused_.push_back(why); }}) {}

  // The client's end of a connection that has come to the gate.
  uds::UniqueFd Enter(uid_t uid, absl::string_view sent = "") {
    std::array<int, 2> pair{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()), 0);
    uds::UniqueFd client(pair[0]);
    Send(client, sent);
    gate_.Enter(
        {.fd = uds::UniqueFd(pair[1]), .peer = {.uid = uid, .gid = uid, .groups = {}, .pid = {}}});
    return client;
  }

  static void Send(const uds::UniqueFd& client, absl::string_view bytes) {
    EXPECT_EQ(send(client.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  }

  // Runs the loop until something holds.
  void RunUntil(const std::function<bool()>& holds) {
    const support::Deadline deadline;
    std::function<void()> look = [&] {
      EXPECT_FALSE(deadline.IsOver());
      if (holds() || deadline.IsOver()) return loop_->Quit();
      loop_->After(absl::Milliseconds(1), look);
    };
    look();
    if (!holds()) loop_->Run();
  }

  std::unique_ptr<EventLoop> loop_ = *EventLoop::Create();
  ConnectionCounters counters_;
  bool busy_ = false;
  std::vector<uid_t> spoke_;
  std::vector<uds::UniqueFd> taken_;
  std::vector<absl::Status> refused_;
  Gate gate_;
};

class GateWithATimeoutTest : public GateTest {
 protected:
  GateWithATimeoutTest() : GateTest(absl::Milliseconds(50)) {}
};

TEST_F(GateTest, WhoHasSpokenPassesAtOnce) {
  const uds::UniqueFd client = Enter(1000, absl::StrCat(kPreface, kSettings));
  EXPECT_THAT(spoke_, ElementsAre(1000));
  EXPECT_EQ(gate_.size(), 0U);
}

TEST_F(GateTest, WhoSpeaksByteByBytePassesAtTheLast) {
  const uds::UniqueFd client = Enter(1000);
  const std::string words = absl::StrCat(kPreface, kSettings);
  for (const char byte : words) {
    EXPECT_THAT(spoke_, IsEmpty());
    Send(client, absl::string_view(&byte, 1));
    // One round of the loop, in which the gate looks.
    loop_->Post([this] { loop_->Post([this] { loop_->Quit(); }); });
    loop_->Run();
  }
  RunUntil([this] { return !spoke_.empty(); });
  EXPECT_THAT(refused_, IsEmpty());
}

TEST_F(GateTest, AnotherProtocolIsClosedAtOnce) {
  const uds::UniqueFd client = Enter(1000, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(refused_, ElementsAre(StatusIs(absl::StatusCode::kInvalidArgument)));
  EXPECT_EQ(counters_.silent.value(), 1U);
  EXPECT_EQ(gate_.size(), 0U);
}

TEST_F(GateTest, WhoLeavesWithoutAWordIsNoEvent) {
  uds::UniqueFd client = Enter(1000);
  uds::UniqueFd half = Enter(1000, "PRI *");
  EXPECT_EQ(gate_.size(), 2U);
  client.reset();
  half.reset();
  RunUntil([this] { return gate_.size() == 0; });
  EXPECT_THAT(refused_, IsEmpty());
  EXPECT_THAT(spoke_, IsEmpty());
}

TEST_F(GateTest, ForOneTooManyTheOldestOfTheUidWithMostGoes) {
  const uds::UniqueFd first = Enter(1000);
  const uds::UniqueFd second = Enter(1001);
  const uds::UniqueFd third = Enter(1000);
  const uds::UniqueFd fourth = Enter(1002);
  ASSERT_THAT(refused_, ElementsAre(StatusIs(absl::StatusCode::kResourceExhausted)));
  char byte = 0;
  EXPECT_EQ(recv(first.get(), &byte, 1, 0), 0) << "is closed";
  for (const uds::UniqueFd* stays : {&second, &third, &fourth}) {
    EXPECT_EQ(recv(stays->get(), &byte, 1, 0), -1) << "is open";
  }
}

TEST_F(GateTest, WhoCannotBeTakenNowIsTakenLater) {
  busy_ = true;
  const uds::UniqueFd client = Enter(1000, absl::StrCat(kPreface, kSettings));
  EXPECT_EQ(gate_.size(), 1U);
  busy_ = false;
  RunUntil([this] { return !spoke_.empty(); });
  EXPECT_EQ(gate_.size(), 0U);
}

TEST_F(GateWithATimeoutTest, WhoSaysTooLittleIsClosedInTime) {
  const uds::UniqueFd silent = Enter(1000);
  const uds::UniqueFd half = Enter(1000, kPreface.substr(0, 12));
  const uds::UniqueFd no_settings = Enter(1001, kPreface);
  RunUntil([this] { return gate_.size() == 0; });
  EXPECT_EQ(refused_.size(), 3U);
  EXPECT_THAT(refused_, ::testing::Each(StatusIs(absl::StatusCode::kDeadlineExceeded)));
  EXPECT_EQ(counters_.silent.value(), 3U);
}

}  // namespace
}  // namespace rpc
