// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/output.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <random>
#include <string>

#include "uds/unique_fd.h"

namespace http2 {
namespace {

class OutputTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    ours_.reset(fds[0]);
    theirs_.reset(fds[1]);
    const int tiny = 1;  // the kernel makes 4.5 KiB of it
    ASSERT_EQ(setsockopt(ours_.get(), SOL_SOCKET, SO_SNDBUF, &tiny, sizeof(tiny)), 0);
  }

  Output::Flushed Flush() {
    std::size_t sent = 0;
    const std::size_t before = output_.size();
    const Output::Flushed flushed = output_.Flush(ours_.get(), &sent);
    EXPECT_EQ(sent, before - output_.size());
    EXPECT_EQ(flushed == Output::Flushed::kAll, output_.size() == 0);
    return flushed;
  }

  std::string Read() {
    std::array<char, 1000> bytes;
    const ssize_t count = recv(theirs_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    return count > 0 ? std::string(bytes.data(), static_cast<std::size_t>(count)) : "";
  }

  Buffer Filled(std::size_t count, std::size_t room, char with) {
    Buffer buffer = Buffer::New(&account_, room);
    std::memset(buffer.end(), with, count);
    buffer.Extend(count);
    return buffer;
  }

  MemoryBudget budget_{1 << 24};
  MemoryBudget::Holder uid_;
  Account account_{&budget_, &uid_};
  Output output_{&account_};
  uds::UniqueFd ours_;
  uds::UniqueFd theirs_;
};

TEST_F(OutputTest, BytesComeInOrderThroughASocketThatTakesFewAtATime) {
  std::mt19937 random(11);
  std::string expected;
  std::string got;
  for (int i = 0; i < 300; ++i) {
    const std::size_t count = random() % (i % 3 == 0 ? 20'000 : 100);
    const char with = static_cast<char>('a' + i % 26);
    if (i % 2 == 0) {
      ASSERT_TRUE(output_.Copy(std::string(count, with)));
    } else {
      const Buffer buffer = Filled(count, count, with);
      ASSERT_TRUE(output_.Lend(buffer, buffer.data(), count));
    }
    expected.append(count, with);
    if (i % 5 == 0) Flush();
    got += Read();
  }
  while (Flush() == Output::Flushed::kPart) got += Read();
  for (std::string more = Read(); !more.empty(); more = Read()) got += more;
  EXPECT_EQ(got, expected);
  EXPECT_EQ(account_.held(), 0);
}

TEST_F(OutputTest, WhatIsLentIsNotAppendedTo) {
  Buffer lent = Filled(Output::kWorthLending, 10'000, 'l');
  ASSERT_TRUE(output_.Lend(lent, lent.data(), Output::kWorthLending));
  EXPECT_TRUE(lent.is_shared());
  ASSERT_TRUE(output_.Copy("mine"));
  EXPECT_EQ(lent.size(), Output::kWorthLending);
  std::memset(lent.end(), 'x', 100);  // the owner goes on with its own
  lent.Extend(100);
  EXPECT_EQ(Flush(), Output::Flushed::kAll);
  std::string got;
  for (std::string more = Read(); !more.empty(); more = Read()) got += more;
  EXPECT_EQ(got, std::string(Output::kWorthLending, 'l') + "mine");
  EXPECT_FALSE(lent.is_shared());
}

TEST_F(OutputTest, FewBytesAreCopied) {
  const Buffer buffer = Filled(10, 10, 'c');
  ASSERT_TRUE(output_.Lend(buffer, buffer.data(), 10));
  EXPECT_FALSE(buffer.is_shared());
}

TEST_F(OutputTest, SmallPiecesBetweenLargeOnesTakeLittleMemory) {
  const Buffer lent = Filled(Output::kWorthLending, Output::kWorthLending, 'l');
  const std::int64_t before = account_.held();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(output_.Copy("nine byte"));
    ASSERT_TRUE(output_.Lend(lent, lent.data(), Output::kWorthLending));
  }
  EXPECT_LT(account_.held() - before, 2 * static_cast<std::int64_t>(Output::kRoom));
  std::string got;
  while (Flush() == Output::Flushed::kPart) got += Read();
  for (std::string more = Read(); !more.empty(); more = Read()) got += more;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    expected += "nine byte" + std::string(Output::kWorthLending, 'l');
  }
  EXPECT_EQ(got, expected);
}

TEST_F(OutputTest, CopiesEndAtTheBound) {
  std::int64_t copied = 0;
  while (output_.Copy(std::string(1000, 'x'))) copied += 1000;
  EXPECT_GT(copied, (1 << 24) * 3 / 4);
  EXPECT_LE(account_.held(), (1 << 24) * 7 / 8);
}

TEST_F(OutputTest, APeerThatHasGoneIsAFailure) {
  theirs_.reset();
  ASSERT_TRUE(output_.Copy("to nobody"));
  EXPECT_EQ(Flush(), Output::Flushed::kPeerLeft);
}

TEST_F(OutputTest, WhatWasNotSentIsGivenBackAtItsEnd) {
  {
    Output output(&account_);
    const Buffer buffer = Filled(5000, 5000, 'x');
    ASSERT_TRUE(output.Copy("x"));
    ASSERT_TRUE(output.Lend(buffer, buffer.data(), 5000));
  }
  EXPECT_EQ(account_.held(), 0);
}

}  // namespace
}  // namespace http2
