// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/call_events.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/server/capture.h"

namespace udsecho {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const char kPath[] = "/udsecho.v1.Echo/Echo";

class CallEventsTest : public ::testing::Test {
 protected:
  CallEventsTest() {
    connection_.id = 7;
    connection_.peer.uid = 1000;
    connection_.peer.gid = 100;
    connection_.peer.pid = 4250;
  }

  rpc::EndedCall Call(absl::string_view path) const {
    return {.path = path,
            .connection = connection_,
            .status = status_,
            .duration = absl::Microseconds(1234),
            .bytes_received = 5,
            .bytes_sent = 8};
  }

  std::vector<std::string> Access(LogFormat format, absl::string_view path) const {
    const Capture capture;
    {
      Log log({.format = format, .fd = capture.fd()});
      WriteAccess(&log, Call(path));
    }
    return capture.lines();
  }

  rpc::Connection connection_;
  absl::Status status_;
};

TEST_F(CallEventsTest, HeadersThatWereRefusedNameNoMethod) {
  EXPECT_THAT(Access(LogFormat::kText, ""), ElementsAre(HasSubstr("Call of a method that is not")));
}

TEST_F(CallEventsTest, AnAccessLineForPeople) {
  EXPECT_THAT(Access(LogFormat::kText, kPath),
              ElementsAre("[LISTENER] INFO  Call of /udsecho.v1.Echo/Echo: OK in 1.234 ms, 5 bytes "
                          "in, 8 bytes out (connection 7, uid 1000, pid 4250)"));
}

TEST_F(CallEventsTest, AnAccessLineForPrograms) {
  status_ = absl::NotFoundError("no");
  const std::vector<std::string> lines = Access(LogFormat::kJson, kPath);
  ASSERT_THAT(lines, SizeIs(1));
  const auto line = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(line["event"], "call_ended");
  EXPECT_EQ(line["fields"], nlohmann::json({{"method", kPath},
                                            {"code", "NOT_FOUND"},
                                            {"message", "no"},
                                            {"duration_us", 1234},
                                            {"bytes_received", 5},
                                            {"bytes_sent", 8},
                                            {"trace", ""},
                                            {"connection", 7},
                                            {"uid", 1000},
                                            {"gid", 100},
                                            {"pid", 4250}}));
}

TEST_F(CallEventsTest, APathForgesNothingAndIsCut) {
  const std::vector<std::string> lines =
      Access(LogFormat::kTimedText, "/a\n[LISTENER] \x1b" + std::string(8000, 'x'));
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_LT(lines[0].size(), 500U);
  for (const char byte : lines[0]) EXPECT_TRUE(byte >= 0x20 && byte < 0x7f);
}

TEST_F(CallEventsTest, RefusalsAreWarningsAndLimited) {
  status_ = absl::PermissionDeniedError("uid 1000 is not on the list");
  const Capture capture;
  {
    Log log({.format = LogFormat::kJson, .level = LogLevel::kWarn, .fd = capture.fd()});
    CallEvents events(&log, nullptr);
    for (int i = 0; i < 100; ++i) events.Refused(Call(kPath));
  }
  const std::vector<std::string> lines = capture.lines();
  ASSERT_THAT(lines, SizeIs(21));
  const auto first = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(first["level"], "warn");
  EXPECT_EQ(first["event"], "call_refused");
  EXPECT_EQ(first["fields"]["method"], kPath);
  EXPECT_EQ(first["fields"]["code"], "PERMISSION_DENIED");
  EXPECT_EQ(first["fields"]["connection"], 7);
  const auto last = nlohmann::json::parse(lines[20]);
  EXPECT_EQ(last["event"], "calls_refused_left_out");
  EXPECT_EQ(last["fields"]["count"], 80);
}

}  // namespace
}  // namespace udsecho
