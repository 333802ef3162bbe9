// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// client ADDRESS: the lines of standard input, over one stream.

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

class ChatTest : public ::testing::Test {
 protected:
  void ExpectReplies(const std::string& input, const std::string& replies) {
    const support::Finished client = RunClient({server_.path()}, input);
    EXPECT_EQ(client.exit_code, kExitOk);
    EXPECT_EQ(client.out, replies);
    EXPECT_EQ(client.err, "");
  }

  ServerProcess server_;
};

TEST_F(ChatTest, EachLineIsAMessage) { ExpectReplies("one\ntwo\nthree\n", "one\ntwo\nthree\n"); }

TEST_F(ChatTest, NothingToSend) { ExpectReplies("", ""); }

TEST_F(ChatTest, EmptyLinesAreMessages) {
  ExpectReplies("\n\nx\n\n", "\n\nx\n\n");
  EXPECT_EQ(server_.Event("message_received", 4)["fields"]["bytes"], 0);
}

TEST_F(ChatTest, LastLineWithoutLineFeed) { ExpectReplies("one\ntwo", "one\ntwo\n"); }

TEST_F(ChatTest, OneStreamOverOneConnection) {
  ExpectReplies("one\ntwo\n", "one\ntwo\n");
  server_.Event("connection_closed");
  EXPECT_EQ(server_.Stop(), kClean);
  int opened = 0;
  for (const nlohmann::json& event : server_.AllEvents()) {
    opened += event["event"] == "connection_opened" ? 1 : 0;
  }
  EXPECT_EQ(opened, 1);
}

TEST_F(ChatTest, TenThousandMessagesInTheirOrder) {
  std::string lines;
  for (int i = 0; i < 10'000; ++i) absl::StrAppend(&lines, "message ", i, "\n");
  ExpectReplies(lines, lines);
}

TEST_F(ChatTest, TenThousandMessagesOnAStreamOfOurOwn) {
  auto stub = v1::Echo::NewStub(Connect(server_.path()));
  grpc::ClientContext context;
  auto stream = stub->Chat(&context);
  for (int i = 0; i < 10'000; ++i) {
    const std::string message = absl::StrCat("message ", i);
    ASSERT_EQ(Say(stream.get(), message), message);
  }
  EXPECT_TRUE(stream->WritesDone());
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ChatTest, RepliesComeWhileTheInputIsStillOpen) {
  support::SpawnedProcess client(ClientCommand({server_.path()}));
  client.Write("one\n");
  EXPECT_EQ(client.out().Line(0), "one");
  client.Write("tw");
  client.Write("o\nthree\n");
  EXPECT_EQ(client.out().Line(1), "two");
  EXPECT_EQ(client.out().Line(2), "three");
  client.CloseInput();
  EXPECT_EQ(client.Wait(), kExitOk);
  EXPECT_EQ(client.out().Whole(), "one\ntwo\nthree\n");
}

// --timeout is for replies, and not for the person at the keyboard.
TEST_F(ChatTest, WaitingForInputIsNoTimeout) {
  support::SpawnedProcess client(ClientCommand({server_.path(), "--timeout=2s"}));
  client.Write("one\n");
  EXPECT_EQ(client.out().Line(0), "one");
  // A call that takes longer than the timeout is the clock here.
  EXPECT_TRUE(Echo(Connect(server_.path()), Delayed("clock", 2500)).status.ok());
  client.Write("two\n");
  EXPECT_EQ(client.out().Line(1), "two");
  client.CloseInput();
  EXPECT_EQ(client.Wait(), kExitOk);
}

TEST_F(ChatTest, LineThatIsNotUtf8EndsTheInput) {
  const support::Finished client = RunClient({server_.path()}, "one\nnot \xff fine\nthree\n");
  EXPECT_EQ(client.exit_code, kExitUsage);
  EXPECT_EQ(client.out, "one\n");
  EXPECT_TRUE(IsOneLine(client.err)) << client.err;
}

}  // namespace
}  // namespace udsecho::integration
