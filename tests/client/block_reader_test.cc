// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/block_reader.h"

#include <fcntl.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/pipe.h"
#include "tests/support/status_matchers.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

using ::support::IsOk;

// Counts what is ready, and waits for it.
class Ready {
 public:
  void Add() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++count_;
    changed_.notify_all();
  }

  void Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return count_ > 0; });
    --count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

TEST(BlockReaderTest, GivesWhatArrivesWhenItArrives) {
  Pipe pipe;
  Ready ready;
  BlockReader reader(pipe.reader(), [&] { ready.Add(); });
  for (const std::string text : {"one\n", "two"}) {
    pipe.Write(text);
    ready.Wait();
    EXPECT_EQ(reader.Take().value(), text);
  }
  pipe.CloseWriter();
  ready.Wait();
  EXPECT_EQ(reader.Take().value(), "");
}

TEST(BlockReaderTest, GivesAllOfALongInput) {
  Pipe pipe;
  Ready ready;
  BlockReader reader(pipe.reader(), [&] { ready.Add(); });
  std::string sent;
  for (int i = 0; i < 200'000; ++i) sent += std::to_string(i);
  std::thread writer([&] {
    pipe.Write(sent);
    pipe.CloseWriter();
  });
  std::string got;
  while (true) {
    ready.Wait();
    const std::string block = reader.Take().value();
    if (block.empty()) break;
    EXPECT_LE(block.size(), BlockReader::kBlock);
    got += block;
  }
  writer.join();
  EXPECT_EQ(got, sent);
}

TEST(BlockReaderTest, ReadsFiles) {
  const uds::UniqueFd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  Ready ready;
  BlockReader reader(file.get(), [&] { ready.Add(); });
  ready.Wait();
  EXPECT_EQ(reader.Take().value(), "");
}

TEST(BlockReaderTest, SaysWhyItCannotRead) {
  const uds::UniqueFd directory(open("/", O_RDONLY | O_CLOEXEC));
  const uds::UniqueFd write_only(open("/dev/null", O_WRONLY | O_CLOEXEC));
  for (const int fd : {directory.get(), write_only.get()}) {
    Ready ready;
    BlockReader reader(fd, [&] { ready.Add(); });
    ready.Wait();
    EXPECT_THAT(reader.Take(), testing::Not(IsOk()));
  }
}

TEST(BlockReaderTest, EndsWhileNothingArrives) {
  Pipe pipe;
  BlockReader reader(pipe.reader(), [] { FAIL(); });
  // The end of this test is the test: the writer's end stays open.
}

TEST(BlockReaderTest, EndsWhileABlockIsNotTaken) {
  Pipe pipe;
  Ready ready;
  BlockReader reader(pipe.reader(), [&] { ready.Add(); });
  pipe.Write("x");
  ready.Wait();
  pipe.Write("y");
}

}  // namespace
}  // namespace udsecho::client
