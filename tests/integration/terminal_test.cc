// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// client ADDRESS at a terminal: a prompt, used as a person does.

#include "tests/support/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/integration/server_process.h"
#include "tests/support/temp_dir.h"

namespace udsecho::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kUp[] = "\x1b[A";
constexpr char kLeft[] = "\x1b[D";
constexpr char kCtrlC[] = "\x03";
constexpr char kCtrlD[] = "\x04";
constexpr char kCtrlZ[] = "\x1a";

class TerminalTest : public ::testing::Test {
 protected:
  TerminalTest() : terminal_(ClientCommand({path()})) { terminal_.Sees("> "); }

  std::string path() const { return dir_.Path("s"); }
  void StartServer() {
    server_ = std::make_unique<ServerProcess>(
        ServerProcess::Options{.path = path(), .flags = {}, .spawn = {}});
  }

  // A line as it is typed, and its reply: before the next prompt, or in its place if that was
  // faster.
  void ExpectAnswer(const std::string& line) {
    terminal_.Type(line + "\r");
    EXPECT_TRUE(terminal_.Sees(line + "\r\n"));
    EXPECT_TRUE(terminal_.Sees(line + "\r\n"));
    EXPECT_TRUE(terminal_.Sees("> "));
  }

  const support::TempDir dir_;
  std::unique_ptr<ServerProcess> server_ = std::make_unique<ServerProcess>(
      ServerProcess::Options{.path = path(), .flags = {}, .spawn = {}});
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

TEST_F(TerminalTest, CtrlCGivesUpTheLineAndNothingElse) {
  terminal_.Type("half a li");
  EXPECT_TRUE(terminal_.Sees("half a li"));
  terminal_.Type(kCtrlC);
  EXPECT_TRUE(terminal_.Sees("^C\r\n"));
  EXPECT_TRUE(terminal_.Sees("> "));
  ExpectAnswer("whole");
  // Twice on an empty line is no wish to leave either.
  for (int i = 0; i < 2; ++i) {
    terminal_.Type(kCtrlC);
    EXPECT_TRUE(terminal_.Sees("Ctrl-D leaves"));
    EXPECT_TRUE(terminal_.Sees("> "));
  }
  ExpectAnswer("again");
  terminal_.Type(kCtrlD);
  EXPECT_EQ(terminal_.Wait(), kExitOk);
  EXPECT_TRUE(terminal_.IsAsItWas());
}

TEST_F(TerminalTest, ALostServerIsToldAndThePromptStays) {
  ExpectAnswer("before");
  terminal_.Type("half a li");
  EXPECT_TRUE(terminal_.Sees("half a li"));
  server_->Signal(SIGKILL);
  server_->Wait();
  EXPECT_TRUE(terminal_.Sees("UNAVAILABLE"));
  EXPECT_TRUE(terminal_.Sees("half a li"));
  // While nobody is there, each line says so.
  terminal_.Type("ne\r");
  EXPECT_TRUE(terminal_.Sees("client: "));
  EXPECT_TRUE(terminal_.Sees("start the server"));
  EXPECT_TRUE(terminal_.Sees("> "));
  StartServer();
  terminal_.Type("after\r");
  EXPECT_TRUE(terminal_.Sees("connected again"));
  EXPECT_TRUE(terminal_.Sees("after\r\n"));
  terminal_.Type(kCtrlD);
  EXPECT_EQ(terminal_.Wait(), kExitOk);
  EXPECT_TRUE(terminal_.IsAsItWas());
}

// A prompt that a shell has started: once the shell goes on, it needs the terminal as it was.
class JobTest : public TerminalTest {
 protected:
  JobTest() {
    EXPECT_TRUE(shell_.Sees("$ "));
    shell_.Type(absl::StrCat(absl::StrJoin(ClientCommand({path()}), " "), "; echo \"<$?>\"\r"));
    EXPECT_TRUE(shell_.Sees("Ctrl-D leaves"));
    EXPECT_TRUE(shell_.Sees("> "));
  }

  support::Terminal shell_{{"/usr/bin/env", "PS1=$ ", "/bin/sh", "-i"}};
};

TEST_F(JobTest, ASignalThatEndsItGivesTheTerminalBack) {
  EXPECT_FALSE(shell_.IsAsItWas());
  shell_.SignalForeground(SIGTERM);
  EXPECT_TRUE(shell_.Sees("<143>"));
  EXPECT_TRUE(shell_.IsAsItWas());
}

TEST_F(JobTest, SoDoesAHangup) {
  shell_.SignalForeground(SIGHUP);
  EXPECT_TRUE(shell_.Sees("<129>"));
  EXPECT_TRUE(shell_.IsAsItWas());
}

TEST_F(JobTest, ItGoesOnAfterAStop) {
  for (int i = 0; i < 2; ++i) {
    shell_.Type("half ");
    EXPECT_TRUE(shell_.Sees("half "));
    shell_.Type(kCtrlZ);
    EXPECT_TRUE(shell_.Sees("$ "));
    EXPECT_TRUE(shell_.IsAsItWas());
    shell_.Type("fg\r");
    EXPECT_TRUE(shell_.Sees("> half "));
    shell_.Type("a line\r");
    EXPECT_TRUE(shell_.Sees("half a line\r\n"));
    EXPECT_TRUE(shell_.Sees("> "));
  }
  shell_.Type(kCtrlD);
  EXPECT_TRUE(shell_.Sees("$ "));
}

// What is typed at another prompt: a client with these flags at the same server.
class ShapesTest : public TerminalTest {
 protected:
  support::Terminal& Prompt(std::vector<std::string> flags,
                            const std::vector<std::string>& environment = {}) {
    flags.insert(flags.begin(), path());
    std::vector<std::string> command = ClientCommand(flags);
    command.insert(command.begin(), environment.begin(), environment.end());
    command.insert(command.begin(), "/usr/bin/env");
    prompt_.emplace(command);
    prompt_->Sees("> ");
    return *prompt_;
  }
  void Leave() {
    prompt_->Type(kCtrlD);
    EXPECT_EQ(prompt_->Wait(), kExitOk);
    EXPECT_TRUE(prompt_->IsAsItWas());
  }

  std::optional<support::Terminal> prompt_;
};

TEST_F(ShapesTest, CallsThatFailAreToldAndThePromptStays) {
  for (const char* shape : {"--shape=unary", "--shape=expand", "--shape=collect", "--shape=chat"}) {
    support::Terminal& prompt = Prompt({shape, "--fault=aborted:not now"});
    for (int i = 0; i < 2; ++i) {
      // For collect, an empty line ends the call.
      prompt.Type(shape == std::string("--shape=collect") ? "word\r\r" : "word\r");
      EXPECT_TRUE(prompt.Sees("ABORTED: not now")) << shape;
    }
    Leave();
  }
}

TEST_F(ShapesTest, ATimeoutIsToldAndThePromptStays) {
  for (const char* shape : {"--shape=unary", "--shape=expand", "--shape=chat"}) {
    support::Terminal& prompt = Prompt({shape, "--delay=1h", "--timeout=100ms"});
    for (int i = 0; i < 2; ++i) {
      prompt.Type("word\r");
      EXPECT_TRUE(prompt.Sees("DEADLINE_EXCEEDED")) << shape;
    }
    Leave();
  }
}

TEST_F(ShapesTest, CtrlCCancelsTheCallsUnderWay) {
  std::size_t messages = 0;
  for (const char* shape : {"--shape=unary", "--shape=chat"}) {
    support::Terminal& prompt = Prompt({shape, "--delay=1h", "--timeout=inf"});
    for (int i = 0; i < 2; ++i) {
      prompt.Type("word\r");
      server_->Event("message_received", ++messages);
      prompt.Type(kCtrlC);
      EXPECT_TRUE(prompt.Sees("gave up 1 message ")) << shape;
      EXPECT_TRUE(prompt.Sees("Ctrl-D leaves")) << shape;
    }
    Leave();
  }
}

TEST_F(ShapesTest, CtrlCSaysHowManyMessagesHaveNoReply) {
  support::Terminal& prompt = Prompt({"--delay=1h", "--timeout=inf"});
  prompt.Type("one\r");
  server_->Event("message_received");
  prompt.Type("two\r");
  EXPECT_TRUE(prompt.Sees("two\r\n"));
  EXPECT_TRUE(prompt.Sees("> "));
  prompt.Type(kCtrlC);
  EXPECT_TRUE(prompt.Sees("gave up 2 messages "));
  // Ctrl-C makes the kernel drop what the terminal has not shown yet.
  EXPECT_TRUE(prompt.Sees("Ctrl-D leaves"));
  EXPECT_TRUE(prompt.Sees("> "));
  // They are given up once.
  prompt.Type(kCtrlC);
  EXPECT_TRUE(prompt.Sees("Ctrl-D leaves"));
  EXPECT_THAT(prompt.shown().substr(prompt.shown().rfind("^C")), Not(HasSubstr("gave up")));
  Leave();
}

TEST_F(ShapesTest, RepliesOfEachShape) {
  support::Terminal& expand = Prompt({"--shape=expand"});
  expand.Type("one two\r");
  EXPECT_TRUE(expand.Sees("one\r\n"));
  EXPECT_TRUE(expand.Sees("two\r\n"));
  Leave();

  support::Terminal& collect = Prompt({"--shape=collect"});
  for (const char* letters : {"ab", "cd"}) {
    collect.Type(std::string(1, letters[0]) + "\r");
    EXPECT_TRUE(collect.Sees("> "));
    collect.Type(std::string(1, letters[1]) + "\r\r");
    EXPECT_TRUE(collect.Sees(letters));
  }
  Leave();
}

TEST_F(ShapesTest, JsonOfEachShape) {
  for (const char* shape : {"--shape=unary", "--shape=expand", "--shape=chat"}) {
    support::Terminal& prompt = Prompt({"--json", shape});
    prompt.Type("word\r");
    EXPECT_TRUE(prompt.Sees(R"("message":"word")")) << shape;
    EXPECT_TRUE(prompt.Sees("> "));
    Leave();
  }
}

TEST_F(ShapesTest, JsonOfMessagesThatFindNoServer) {
  for (const char* shape : {"--shape=unary", "--shape=expand", "--shape=collect", "--shape=chat"}) {
    support::Terminal& prompt = Prompt({"--json", shape});
    server_->Signal(SIGKILL);
    server_->Wait();
    // For collect, an empty line ends the call.
    prompt.Type(shape == std::string("--shape=collect") ? "one\r\r" : "one\r");
    EXPECT_TRUE(prompt.Sees(R"("name":"UNAVAILABLE")")) << shape;
    EXPECT_TRUE(prompt.Sees("client: ")) << shape;
    prompt.Type("two\r");
    EXPECT_TRUE(prompt.Sees(R"("name":"UNAVAILABLE")")) << shape;
    EXPECT_TRUE(prompt.Sees("client: ")) << shape;
    prompt.Type(kCtrlD);
    prompt.Wait();
    StartServer();
  }
}

TEST_F(ShapesTest, HistoryThatCannotBeKeptIsTold) {
  const support::TempDir home;
  for (const std::string& file : {home.path(), std::string("/dev/null/no/history")}) {
    support::Terminal& prompt = Prompt({}, {"UDSECHO_HISTORY=" + file});
    EXPECT_THAT(prompt.shown(), HasSubstr("UDSECHO_HISTORY"));
    Leave();
  }
  EXPECT_THAT(Prompt({}, {"UDSECHO_HISTORY=/dev/null"}).shown(), Not(HasSubstr("HISTORY")));
  Leave();
}

TEST_F(ShapesTest, HistoryIsKeptForItsOwner) {
  const support::TempDir home;
  const std::string file = home.Path(".local/state/udsecho/history");
  Prompt({}, {"HOME=" + home.path()}).Type("remember me\r");
  EXPECT_TRUE(prompt_->Sees("remember me\r\n"));
  EXPECT_TRUE(prompt_->Sees("remember me\r\n"));
  Leave();
  struct stat kept = {};
  ASSERT_EQ(stat(file.c_str(), &kept), 0);
  EXPECT_EQ(kept.st_mode & 0777, 0600);

  Prompt({}, {"HOME=" + home.path()}).Type(std::string(kUp) + "\r");
  EXPECT_TRUE(prompt_->Sees("remember me\r\n"));
  EXPECT_TRUE(prompt_->Sees("remember me\r\n"));
  Leave();
}

TEST_F(ShapesTest, HistoryIsNotKeptWhereItIsTurnedOff) {
  const support::TempDir home;
  Prompt({}, {"HOME=" + home.path(), "UDSECHO_HISTORY="}).Type("forget me\r");
  EXPECT_TRUE(prompt_->Sees("forget me\r\n"));
  EXPECT_TRUE(prompt_->Sees("forget me\r\n"));
  Leave();
  EXPECT_NE(access(home.Path(".local").c_str(), F_OK), 0);
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
