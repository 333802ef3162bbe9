// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// client ADDRESS MESSAGE...: each reply on a line of standard output, and nothing else there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

class EchoTest : public ::testing::Test {
 protected:
  void ExpectReplies(std::vector<std::string> messages, const std::string& replies) {
    messages.insert(messages.begin(), server_.path());
    const support::Finished client = RunClient(messages);
    EXPECT_EQ(client.exit_code, kExitOk);
    EXPECT_EQ(client.out, replies);
    EXPECT_EQ(client.err, "");
  }

  ServerProcess server_;
};

TEST_F(EchoTest, OneMessage) { ExpectReplies({"Test this string"}, "Test this string\n"); }

TEST_F(EchoTest, SeveralMessagesInTheirOrder) {
  ExpectReplies({"one", "two", "two", "three"}, "one\ntwo\ntwo\nthree\n");
}

TEST_F(EchoTest, EmptyMessageIsAMessage) {
  ExpectReplies({""}, "\n");
  ExpectReplies({"a", "", "b"}, "a\n\nb\n");
  EXPECT_EQ(server_.Event("message_received", 1)["fields"]["bytes"], 0);
}

TEST_F(EchoTest, AnyScript) {
  const std::string text = "Grüße, мир, 世界, \U0001F44B, e\u0301, \u202Eabc\u202C";
  ExpectReplies({text}, text + "\n");
  EXPECT_EQ(server_.Event("message_received")["fields"]["message"], text);
}

TEST_F(EchoTest, WhatATerminalWouldActOnComesBackUnchanged) {
  ExpectReplies({"a\x1b[2J\r\nb\tc\x7f"}, "a\x1b[2J\r\nb\tc\x7f\n");
}

TEST_F(EchoTest, MessageThatLooksLikeAFlagOrAList) {
  ExpectReplies({"--", "--verbose", "-1"}, "--verbose\n-1\n");
  ExpectReplies({"[a,b]"}, "[a,b]\n");
}

TEST_F(EchoTest, LargestArgument) {
  const std::string text(100'000, 'x');
  ExpectReplies({text, text}, text + "\n" + text + "\n");
  EXPECT_EQ(server_.Event("message_received", 2)["fields"]["bytes"], 100'000);
}

TEST_F(EchoTest, NotUtf8IsRefusedBeforeAnythingIsSent) {
  const support::Finished client = RunClient({server_.path(), "fine", "not \xff fine"});
  EXPECT_EQ(client.exit_code, kExitUsage);
  EXPECT_EQ(client.out, "");
  EXPECT_TRUE(IsOneLine(client.err)) << client.err;
  server_.Stop();
  for (const nlohmann::json& event : server_.AllEvents()) {
    EXPECT_NE(event["event"], "message_received") << event;
  }
}

TEST_F(EchoTest, VerboseSpeaksOnStandardErrorOnly) {
  const support::Finished client = RunClient({"--verbose", server_.path(), "one", "two"});
  EXPECT_EQ(client.exit_code, kExitOk);
  EXPECT_EQ(client.out, "one\ntwo\n");
  EXPECT_THAT(client.err, ::testing::StartsWith("INFO  Starting "));
  EXPECT_THAT(client.err, ::testing::ContainsRegex("INFO  Got back: one\n(.|\n)*Got back: two\n"));
}

}  // namespace
}  // namespace udsecho::integration
