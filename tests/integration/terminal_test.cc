// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// client ADDRESS at a terminal: a prompt, used as a person does.

#include "tests/support/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kUp[] = "\x1b[A";
constexpr char kLeft[] = "\x1b[D";
constexpr char kCtrlC[] = "\x03";
constexpr char kCtrlD[] = "\x04";

class TerminalTest : public ::testing::Test {
 protected:
  TerminalTest() : terminal_(ClientCommand({server_.path()})) { terminal_.Sees("> "); }

  // A line as it is typed, and its reply: before the next prompt, or in its place if that was
  // faster.
  void ExpectAnswer(const std::string& line) {
    terminal_.Type(line + "\r");
    EXPECT_TRUE(terminal_.Sees(line + "\r\n"));
    EXPECT_TRUE(terminal_.Sees(line + "\r\n"));
    EXPECT_TRUE(terminal_.Sees("> "));
  }

  ServerProcess server_;
  support::Terminal terminal_;
};

TEST_F(TerminalTest, EachLineIsAnswered) {
  ExpectAnswer("hello");
  ExpectAnswer("wörld");
  terminal_.Type(kCtrlD);
  EXPECT_EQ(terminal_.Wait(), kExitOk);
  EXPECT_TRUE(terminal_.IsAsItWas());
}

TEST_F(TerminalTest, LinesAreEditedAndRemembered) {
  ExpectAnswer("first");
  // What is shown while it is edited is libedit's business: only the reply ends so.
  terminal_.Type(std::string("ac") + kLeft + "b\r");
  EXPECT_TRUE(terminal_.Sees("abc\r\n"));
  EXPECT_TRUE(terminal_.Sees("> "));
  terminal_.Type(std::string(kUp) + kUp + "!\r");
  EXPECT_TRUE(terminal_.Sees("first!\r\n"));
  EXPECT_TRUE(terminal_.Sees("first!\r\n"));
  EXPECT_TRUE(terminal_.Sees("> "));
  terminal_.Type(kCtrlD);
  EXPECT_EQ(terminal_.Wait(), kExitOk);
}

TEST_F(TerminalTest, CtrlCLeaves) {
  terminal_.Type("half a li");
  EXPECT_TRUE(terminal_.Sees("half a li"));
  terminal_.Type(kCtrlC);
  EXPECT_EQ(terminal_.Wait(), 130);
  EXPECT_TRUE(terminal_.IsAsItWas());
}

TEST_F(TerminalTest, TheServersEndIsTheEnd) {
  terminal_.Type("half a li");
  EXPECT_TRUE(terminal_.Sees("half a li"));
  server_.Signal(SIGKILL);
  EXPECT_TRUE(terminal_.Sees("UNAVAILABLE"));
  EXPECT_EQ(terminal_.Wait(), kUnavailable);
  EXPECT_TRUE(terminal_.IsAsItWas());
}

TEST(ColourTest, AtATerminalAlone) {
  ServerProcess server;
  support::Terminal terminal(ClientCommand({server.path(), "--list"}));
  EXPECT_EQ(terminal.Wait(), kExitOk);
  EXPECT_THAT(terminal.shown(), HasSubstr("\x1b[1mudsecho.v1.Echo\x1b[0m"));
  EXPECT_THAT(RunClient({server.path(), "--list"}).out, Not(HasSubstr("\x1b")));
}

TEST(ColourTest, NotWhereNobodyWantsIt) {
  ServerProcess server;
  std::vector<std::string> command = ClientCommand({server.path(), "--list"});
  command.insert(command.begin(), {"/usr/bin/env", "NO_COLOR=1"});
  support::Terminal terminal(command);
  EXPECT_EQ(terminal.Wait(), kExitOk);
  EXPECT_THAT(terminal.shown(), HasSubstr("udsecho.v1.Echo\r\n"));
  EXPECT_THAT(terminal.shown(), Not(HasSubstr("\x1b")));
}

TEST(ProgressTest, ABenchShowsWhatHappens) {
  ServerProcess server;
  support::Terminal terminal(
      ClientCommand({server.path(), "--bench", "--warmup=0", "--duration=inf"}));
  EXPECT_TRUE(terminal.Sees("measuring"));
  EXPECT_TRUE(terminal.Sees("calls/s, p50"));
  terminal.Type(kCtrlC);
  EXPECT_TRUE(terminal.Sees("throughput"));
  EXPECT_EQ(terminal.Wait(), 130);
}

}  // namespace
}  // namespace udsecho::integration
