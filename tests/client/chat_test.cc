// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/chat.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/pipe.h"
#include "tests/client/test_server.h"

namespace udsecho::client {
namespace {

using ::testing::HasSubstr;

using ::testing::Not;

// The lines of a descriptor, over one stream.
Outcome ChatOf(Connection* client, absl::Duration timeout, int in, int out) {
  Options options;
  options.call.timeout = timeout;
  const Requests requests = *Requests::Make(options, in);
  LineSource source(in);
  Output output(out);
  Progress progress(STDERR_FILENO, Verbosity::kQuiet);
  Replies replies({.text = &output, .progress = &progress, .where = "unix:/s"});
  Interrupt interrupt;
  return Chat({.connection = client,
               .address = "unix:/s",
               .options = &options,
               .requests = &requests,
               .source = &source,
               .replies = &replies,
               .interrupt = &interrupt});
}

// Chat() on a thread of its own, so that a test can type and read meanwhile.
class ChatTest : public testing::Test {
 protected:
  ~ChatTest() override {
    if (thread_.joinable()) thread_.join();
  }

  void Start(absl::Duration timeout = absl::Seconds(60)) {
    connection_ = std::make_unique<Connection>(std::make_unique<EchoClient>(server_.Connect()),
                                               Connection::Connect{});
    thread_ = std::thread([this, timeout] {
      outcome_ = ChatOf(connection_.get(), timeout, in_.reader(), out_.writer());
      out_.CloseWriter();
    });
  }

  Outcome Join() {
    thread_.join();
    return outcome_;
  }

  // From all the input to all the output.
  std::string Converse(const std::string& input, absl::Duration timeout = absl::Seconds(60)) {
    Start(timeout);
    std::thread writer([&] {
      in_.Write(input);
      in_.CloseWriter();
    });
    std::string output = out_.ReadAll();
    writer.join();
    return output;
  }

  TestServer server_;
  Pipe in_;
  Pipe out_;

 private:
  std::unique_ptr<Connection> connection_;
  std::thread thread_;
  Outcome outcome_;
};

TEST_F(ChatTest, EachLineIsAnsweredInOrder) {
  EXPECT_EQ(Converse("one\n\ntwo\nthree\n"), "one\n\ntwo\nthree\n");
  EXPECT_TRUE(Join().ok());
}

TEST_F(ChatTest, TheLastLineNeedsNoLineFeed) {
  EXPECT_EQ(Converse("one\ntwo"), "one\ntwo\n");
  EXPECT_TRUE(Join().ok());
}

TEST_F(ChatTest, NoInputIsNoError) {
  EXPECT_EQ(Converse(""), "");
  EXPECT_TRUE(Join().ok());
}

TEST_F(ChatTest, ItIsOneStream) {
  std::atomic<int> streams = 0;
  server_.service.chat = [&](grpc::ServerContext* context, TestService::Stream* stream) {
    ++streams;
    return TestService::ReplyToAll(context, stream);
  };
  EXPECT_EQ(Converse("one\ntwo\n"), "one\ntwo\n");
  EXPECT_EQ(streams, 1);
  server_.Stop();
}

TEST_F(ChatTest, RepliesComeWhileSomebodyTypes) {
  Start();
  for (const std::string line : {"one\n", "two\n", "caf\xC3\xA9 \xF0\x9F\x98\x80\n"}) {
    in_.Write(line);
    EXPECT_EQ(out_.ReadLine(), line);
  }
  // Half a line waits for the other half, and holds up nobody.
  in_.Write("four\nfi");
  EXPECT_EQ(out_.ReadLine(), "four\n");
  in_.Write("ve\n");
  EXPECT_EQ(out_.ReadLine(), "five\n");
  in_.CloseWriter();
  EXPECT_TRUE(Join().ok());
}

TEST_F(ChatTest, AHundredThousandLines) {
  std::string input;
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&input, "line ", i, "\n");
  EXPECT_TRUE(Converse(input) == input);
  EXPECT_TRUE(Join().ok());
}

TEST_F(ChatTest, LinesOfMebibytes) {
  const std::string input = std::string(3 << 20, 'x') + "\n" + std::string(2 << 20, 'y') + "\n";
  EXPECT_TRUE(Converse(input) == input);
  EXPECT_TRUE(Join().ok());
}

TEST_F(ChatTest, AReplyWithALineFeedIsPrintedAsItIs) {
  server_.service.chat = [](grpc::ServerContext*, TestService::Stream* stream) {
    v1::EchoRequest request;
    while (stream->Read(&request)) {
      v1::EchoResponse response;
      response.set_message("a\nb");
      stream->Write(response);
    }
    return grpc::Status::OK;
  };
  EXPECT_EQ(Converse("x\n"), "a\nb\n");
}

TEST_F(ChatTest, InvalidUtf8IsRefusedAndEarlierLinesAreAnswered) {
  EXPECT_EQ(Converse("one\ntwo\nth\xFFree\nfour\n"), "one\ntwo\n");
  const Outcome outcome = Join();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("line 3"));
  EXPECT_THAT(outcome.error, HasSubstr("byte 3"));
}

TEST_F(ChatTest, InvalidUtf8InALastLineWithoutLineFeed) {
  EXPECT_EQ(Converse("one\n\xFF"), "one\n");
  EXPECT_EQ(Join().exit_code, 2);
}

TEST_F(ChatTest, InvalidUtf8EndsItWhileTheInputStaysOpen) {
  Start();
  in_.Write("one\n\xFF\n");
  EXPECT_EQ(out_.ReadAll(), "one\n");
  EXPECT_EQ(Join().exit_code, 2);
}

TEST_F(ChatTest, TheServersStatusIsTheOutcome) {
  server_.service.chat = [](grpc::ServerContext*, TestService::Stream* stream) {
    v1::EchoRequest request;
    for (int i = 0; i < 2 && stream->Read(&request); ++i) {
      v1::EchoResponse response;
      response.set_message(request.message());
      stream->Write(response);
    }
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "enough\nfor today");
  };
  // The input stays open: the end must not wait for a third line.
  Start();
  in_.Write("one\ntwo\n");
  EXPECT_EQ(out_.ReadAll(), "one\ntwo\n");
  const Outcome outcome = Join();
  EXPECT_EQ(outcome.exit_code, 72);
  EXPECT_THAT(outcome.error, HasSubstr("RESOURCE_EXHAUSTED"));
  EXPECT_THAT(outcome.error, HasSubstr("enough"));
  EXPECT_THAT(outcome.error, Not(HasSubstr("\n")));
}

TEST_F(ChatTest, AnEndInTheMiddleOfManyLinesIsTheServersStatus) {
  server_.service.chat = [](grpc::ServerContext*, TestService::Stream* stream) {
    v1::EchoRequest request;
    stream->Read(&request);
    return grpc::Status(grpc::StatusCode::ABORTED, "in the middle");
  };
  std::string input;
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&input, "line ", i, "\n");
  signal(SIGPIPE, SIG_IGN);
  Start();
  std::atomic<bool> ended = false;
  std::thread writer([&] {
    // As `yes | client` would: writes until nobody reads.
    ASSERT_EQ(fcntl(in_.writer(), F_SETFL, O_NONBLOCK), 0);
    while (!ended) {
      if (write(in_.writer(), input.data(), input.size()) < 0) std::this_thread::yield();
    }
  });
  const Outcome outcome = Join();
  ended = true;
  writer.join();
  EXPECT_EQ(outcome.exit_code, 64 + grpc::StatusCode::ABORTED);
}

TEST_F(ChatTest, AnEarlyEndWithOkIsNoSuccess) {
  server_.service.chat = [](grpc::ServerContext*, TestService::Stream* stream) {
    v1::EchoRequest request;
    stream->Read(&request);
    return grpc::Status::OK;
  };
  Start();
  in_.Write("one\n");
  EXPECT_EQ(out_.ReadAll(), "");
  EXPECT_EQ(Join().exit_code, 64 + grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ChatTest, AServerThatGoesAwayEndsAnIdleTerminal) {
  auto server = std::make_unique<TestServer>();
  Pipe in;
  Pipe out;
  Connection client(std::make_unique<EchoClient>(server->Connect()), {});
  Outcome outcome;
  std::thread thread(
      [&] { outcome = ChatOf(&client, absl::Seconds(60), in.reader(), out.writer()); });
  in.Write("one\n");
  EXPECT_EQ(out.ReadLine(), "one\n");
  server.reset();
  thread.join();
  EXPECT_GT(outcome.exit_code, 64);
}

TEST_F(ChatTest, AServerThatHangsIsATimeout) {
  server_.service.chat = [](grpc::ServerContext* context, TestService::Stream*) {
    return Hang(context);
  };
  Start(absl::Milliseconds(50));
  in_.Write("one\n");
  EXPECT_EQ(out_.ReadAll(), "");
  const Outcome outcome = Join();
  EXPECT_EQ(outcome.exit_code, 68);
  EXPECT_THAT(outcome.error, HasSubstr("line 1"));
  EXPECT_THAT(outcome.error, HasSubstr("50ms"));
}

TEST_F(ChatTest, AServerThatTakesNothingIsATimeoutToo) {
  server_.service.chat = [](grpc::ServerContext* context, TestService::Stream*) {
    return Hang(context);
  };
  // More than flow control lets through: the client is in the middle of a write.
  EXPECT_EQ(Converse(std::string(8 << 20, 'x') + "\n", absl::Milliseconds(50)), "");
  EXPECT_EQ(Join().exit_code, 68);
}

TEST_F(ChatTest, AServerThatNeverEndsTheStreamIsATimeout) {
  server_.service.chat = [](grpc::ServerContext* context, TestService::Stream* stream) {
    TestService::ReplyToAll(context, stream);
    return Hang(context);
  };
  EXPECT_EQ(Converse("one\n", absl::Milliseconds(50)), "one\n");
  EXPECT_EQ(Join().exit_code, 68);
}

TEST_F(ChatTest, AnIdleTerminalIsNoTimeout) {
  constexpr absl::Duration kTimeout = absl::Milliseconds(30);
  Start(kTimeout);
  in_.Write("one\n");
  EXPECT_EQ(out_.ReadLine(), "one\n");
  absl::SleepFor(5 * kTimeout);  // the passing of time is what is tested
  in_.Write("two\n");
  EXPECT_EQ(out_.ReadLine(), "two\n");
  in_.CloseWriter();
  EXPECT_TRUE(Join().ok());
}

TEST_F(ChatTest, EachReplyHasTheWholeTimeout) {
  const absl::Duration timeout = absl::Milliseconds(400);
  server_.service.chat = [timeout](grpc::ServerContext*, TestService::Stream* stream) {
    v1::EchoRequest request;
    while (stream->Read(&request)) {
      absl::SleepFor(timeout / 4);
      stream->Write({});
    }
    return grpc::Status::OK;
  };
  EXPECT_EQ(Converse("1\n2\n3\n4\n5\n6\n7\n8\n", timeout), "\n\n\n\n\n\n\n\n");
  EXPECT_TRUE(Join().ok());
}

TEST_F(ChatTest, ASlowReaderIsNotTheServersFault) {
  constexpr absl::Duration kTimeout = absl::Milliseconds(500);
  std::string input;
  for (int i = 0; i < 50'000; ++i) absl::StrAppend(&input, "line ", i, "\n");
  Start(kTimeout);
  std::thread writer([&] {
    in_.Write(input);
    in_.CloseWriter();
  });
  absl::SleepFor(5 * kTimeout);  // the client is blocked in its output meanwhile
  EXPECT_TRUE(out_.ReadAll() == input);
  writer.join();
  EXPECT_TRUE(Join().ok());
}

TEST_F(ChatTest, AnInputThatCannotBeReadIsALocalError) {
  Connection client(std::make_unique<EchoClient>(server_.Connect()), {});
  const uds::UniqueFd directory(open("/", O_RDONLY | O_CLOEXEC));
  const Outcome outcome = ChatOf(&client, absl::Seconds(60), directory.get(), out_.writer());
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("standard input"));
}

TEST_F(ChatTest, AnOutputThatCannotBeWrittenIsALocalError) {
  Connection client(std::make_unique<EchoClient>(server_.Connect()), {});
  const uds::UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  in_.Write("one\n");
  const Outcome outcome = ChatOf(&client, absl::Seconds(60), in_.reader(), full.get());
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("standard output"));
}

}  // namespace
}  // namespace udsecho::client
