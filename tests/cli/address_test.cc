// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/status_matchers.h"

namespace udsecho::cli {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

TEST(AddressTest, CommandsAreQuestions) {
  for (const char* word : {"help", "HELP", "version", "start", "-"}) {
    const std::string path = std::string("./") + word;
    EXPECT_THAT(CheckAddressWord(word, kServer),
                StatusIs(kInvalid, AllOf(HasSubstr("server --help"), HasSubstr(path))));
    EXPECT_THAT(CheckAddressWord(word, kClient), StatusIs(kInvalid, HasSubstr("client --help")));
    EXPECT_THAT(CheckAddressWord(path, kServer), IsOk());
  }
}

TEST(AddressTest, PortsAndMachines) {
  EXPECT_THAT(
      CheckAddressWord("50051", kServer),
      StatusIs(kInvalid, AllOf(HasSubstr("port"), HasSubstr("Unix"), HasSubstr("./50051"))));
  EXPECT_THAT(CheckAddressWord("50051", kClient), StatusIs(kInvalid, HasSubstr("localhost:50051")));
  EXPECT_THAT(CheckAddressWord("localhost", kClient), StatusIs(kInvalid, HasSubstr("localhost:")));
  EXPECT_THAT(CheckAddressWord("127.0.0.1", kServer), StatusIs(kInvalid, HasSubstr("Unix")));
  EXPECT_THAT(CheckAddressWord("::1", kClient), StatusIs(kInvalid, HasSubstr("[::1]:PORT")));
}

TEST(AddressTest, OtherWordsMayBePaths) {
  for (const char* word :
       {"s", "sock1", "helper", "50051.sock", "/tmp/help", "unix:help", "a b", ""}) {
    EXPECT_THAT(CheckAddressWord(word, kServer), IsOk()) << word;
  }
}

}  // namespace
}  // namespace udsecho::cli
