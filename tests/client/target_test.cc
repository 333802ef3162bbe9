// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/support/status_matchers.h"

namespace udsecho::client {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

TEST(TargetTest, SocketsAndPorts) {
  for (const auto& [text, name, authority] : std::vector<std::array<const char*, 3>>{
           {"/tmp/s", "unix:/tmp/s", "localhost"},
           {"s", "unix:s", "localhost"},
           {"./help", "unix:./help", "localhost"},
           {"unix:help", "unix:help", "localhost"},
           {"unix-abstract:n", "unix-abstract:n", "localhost"},
           {"unix:/a%20b", "unix:/a b", "localhost"},
           {"localhost:50051", "localhost:50051", "localhost:50051"},
           {"[::1]:1", "[::1]:1", "[::1]:1"},
           {"./localhost:50051", "unix:./localhost:50051", "localhost"}}) {
    const absl::StatusOr<Target> target = Target::Parse(text);
    ASSERT_THAT(target, IsOk());
    EXPECT_EQ(target->name(), name);
    EXPECT_EQ(target->authority(), authority);
  }
}

TEST(TargetTest, TheFormThatWorks) {
  for (const auto& [text, form] :
       std::vector<std::array<const char*, 2>>{{"http://h:1", "say h:1 "},
                                               {"http://h:1/x?y", "say h:1 "},
                                               {"http://me@h:1", "say h:1 "},
                                               {"https://h:1", "no TLS: say h:1 "},
                                               {"http://h", "say h:PORT "},
                                               {"http://[::1]:5", "say [::1]:5 "},
                                               {"dns:///h:1", "say h:1 "},
                                               {"dns:h:1", "say h:1 "},
                                               {"dns://8.8.8.8/h:1", "say h:1 "},
                                               {"dns://h:1", "say h:1 "},
                                               {"tcp:h:1", "say h:1 "},
                                               {"tcp://h:1", "say h:1 "},
                                               {"ipv4:1.2.3.4:5", "say 1.2.3.4:5 "},
                                               {"ipv6:[::1]:5", "say [::1]:5 "},
                                               {":50051", "say localhost:50051 "},
                                               {"::1:50051", "say [::1]:50051 "},
                                               {"[::1]", "say [::1]:PORT "},
                                               {"50051", "say localhost:50051"},
                                               {"localhost", "say localhost:PORT"},
                                               {"localhost:99999", "1 to 65535"},
                                               {"localhost:0", "1 to 65535"},
                                               {"localhost:http", "1 to 65535"},
                                               {"localhost:", "1 to 65535"},
                                               {"file:///tmp/x", "unix:/tmp/sock1"},
                                               {"UNIX:/tmp/x", "unix:/tmp/sock1"},
                                               {"http+unix://x", "unix:/tmp/sock1"},
                                               {"vsock:1:2", "does not speak: say HOST:PORT"},
                                               {"xds:///foo", "does not speak: say HOST:PORT"},
                                               {"h:1/x", "HOST:PORT"}}) {
    EXPECT_THAT(Target::Parse(text), StatusIs(kInvalid, HasSubstr(form))) << text;
  }
}

TEST(TargetTest, AQuestionIsNoSocket) {
  EXPECT_THAT(Target::Parse("help"),
              StatusIs(kInvalid, AllOf(HasSubstr("client --help"), HasSubstr("./help"))));
  EXPECT_THAT(Target::Parse("localhost:99999"), StatusIs(kInvalid, HasSubstr("./localhost:99999")));
  EXPECT_THAT(Target::Parse(""), StatusIs(kInvalid, HasSubstr("empty")));
}

TEST(TargetTest, ErrorsAreShortAndPrintable) {
  const absl::Status status = Target::Parse("http://\n" + std::string(1 << 20, 'x')).status();
  EXPECT_LT(status.message().size(), 500);
  EXPECT_EQ(status.message().find('\n'), absl::string_view::npos);
}

}  // namespace
}  // namespace udsecho::client
