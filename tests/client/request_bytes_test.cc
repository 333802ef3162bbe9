// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/request_bytes.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace udsecho::client {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::Pair;

Plan MakePlan(std::vector<std::string> requests) {
  Plan plan = PlanFor(*Target::Parse("/tmp/s"), {});
  plan.method = "/a.B/C";
  plan.requests = std::move(requests);
  return plan;
}

std::string Framed(absl::string_view message) {
  return absl::StrCat(std::string(4, '\0'), std::string(1, static_cast<char>(message.size())),
                      message);
}

std::vector<std::pair<std::string, std::string>> HeaderOf(const RequestBytes& requests) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (std::size_t i = 0; i < requests.header().size(); ++i) {
    const nghttp2_nv& field = requests.header().data()[i];
    fields.emplace_back(std::string(reinterpret_cast<const char*>(field.name), field.namelen),
                        std::string(reinterpret_cast<const char*>(field.value), field.valuelen));
  }
  return fields;
}

TEST(RequestBytesTest, MessagesInTurn) {
  RequestBytes requests(MakePlan({"one", "", "three"}));
  for (int round = 0; round < 3; ++round) {
    for (const char* message : {"one", "", "three"}) {
      EXPECT_EQ(std::string(requests.Next().view()), Framed(message));
    }
  }
}

TEST(RequestBytesTest, OneMessageIsNotCopied) {
  RequestBytes requests(MakePlan({std::string(1'000'000, 'x')}));
  const char* const bytes = requests.Next().data();
  EXPECT_EQ(requests.Next().data(), bytes);
}

TEST(RequestBytesTest, TheHeaderOfACall) {
  Plan plan = MakePlan({""});
  plan.call.metadata = {{"name", "value"}, {"raw-bin", std::string("\xff\0,", 3)}};
  plan.call.authority = "elsewhere";
  const auto header = HeaderOf(RequestBytes(plan));
  EXPECT_EQ(header[0], std::make_pair(std::string(":method"), std::string("POST")));
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{":scheme", "http"},
                                                        {":path", "/a.B/C"},
                                                        {":authority", "elsewhere"},
                                                        {"te", "trailers"},
                                                        {"content-type", "application/grpc"},
                                                        {"name", "value"},
                                                        {"raw-bin", "/wAs"}}) {
    EXPECT_THAT(header, Contains(Pair(name, value)));
  }
  EXPECT_THAT(header, Not(Contains(Pair("grpc-encoding", testing::_))));
}

TEST(RequestBytesTest, CompressedOnce) {
  Plan plan = MakePlan({std::string(10'000, 'x')});
  plan.call.compression = Compression::kGzip;
  RequestBytes requests(plan);
  EXPECT_THAT(HeaderOf(requests), Contains(Pair("grpc-encoding", "gzip")));
  EXPECT_LT(requests.Next().size(), 200);
  EXPECT_EQ(requests.Next().view()[0], '\1');
}

}  // namespace
}  // namespace udsecho::client
