// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What callers ask for by metadata: values that come back, and compression.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/calls.h"
#include "tests/integration/raw_call.h"
#include "tests/integration/server_process.h"
#include "udsecho/v1/admin.grpc.pb.h"

namespace udsecho::integration {
namespace {

using ::testing::ElementsAre;

constexpr char kInitial[] = "x-grpc-test-echo-initial";
constexpr char kTrailing[] = "x-grpc-test-echo-trailing-bin";

using Values = std::multimap<grpc::string_ref, grpc::string_ref>;

std::vector<std::string> ValuesOf(const Values& metadata, const std::string& key) {
  std::vector<std::string> values;
  const auto [begin, end] = metadata.equal_range(key);
  for (auto it = begin; it != end; ++it) values.emplace_back(it->second.data(), it->second.size());
  return values;
}

class MetadataTest : public ::testing::Test {
 protected:
  // Has `call` make a call, and expects what it sends to come back, with a status of `code`.
  void ExpectEcho(const std::function<grpc::Status(grpc::ClientContext*)>& call,
                  grpc::StatusCode code = grpc::StatusCode::OK) {
    const std::string bytes("\0\x01\xff,", 4);
    grpc::ClientContext context;
    context.AddMetadata(kInitial, "one");
    context.AddMetadata(kInitial, "two, three");
    context.AddMetadata(kTrailing, bytes);
    context.AddMetadata(kTrailing, "");
    const grpc::Status status = call(&context);
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_THAT(ValuesOf(context.GetServerInitialMetadata(), kInitial),
                ElementsAre("one", "two, three"));
    EXPECT_THAT(ValuesOf(context.GetServerTrailingMetadata(), kTrailing), ElementsAre(bytes, ""));
  }

  ServerProcess server_;
  std::shared_ptr<grpc::Channel> channel_ = Connect(server_.path());
  std::unique_ptr<v1::Echo::Stub> stub_ = v1::Echo::NewStub(channel_);
};

TEST_F(MetadataTest, ComesBackFromEcho) {
  v1::EchoResponse response;
  ExpectEcho([&](auto* context) { return stub_->Echo(context, Message("x"), &response); });
}

TEST_F(MetadataTest, ComesBackFromExpand) {
  ExpectEcho([&](auto* context) {
    v1::ExpandRequest request;
    request.set_message("one two");
    auto stream = stub_->Expand(context, request);
    v1::EchoResponse response;
    while (stream->Read(&response)) {
    }
    return stream->Finish();
  });
}

TEST_F(MetadataTest, ComesBackFromCollect) {
  v1::CollectResponse response;
  ExpectEcho([&](auto* context) {
    auto writer = stub_->Collect(context, &response);
    writer->WritesDone();
    return writer->Finish();
  });
}

TEST_F(MetadataTest, ComesBackFromChat) {
  ExpectEcho([&](auto* context) {
    auto stream = stub_->Chat(context);
    EXPECT_EQ(Say(stream.get(), "x"), "x");
    stream->WritesDone();
    return stream->Finish();
  });
}

TEST_F(MetadataTest, ComesBackFromWhoAmI) {
  v1::WhoAmIResponse response;
  ExpectEcho([&](auto* context) { return stub_->WhoAmI(context, {}, &response); });
}

TEST_F(MetadataTest, ComesBackFromAdmin) {
  v1::StatsResponse response;
  ExpectEcho(
      [&](auto* context) { return v1::Admin::NewStub(channel_)->Stats(context, {}, &response); });
}

TEST_F(MetadataTest, ComesBackWithAnyStatus) {
  v1::EchoResponse response;
  v1::EchoRequest request = Message("x");
  request.mutable_fault()->set_code(grpc::StatusCode::ABORTED);
  ExpectEcho([&](auto* context) { return stub_->Echo(context, request, &response); },
             grpc::StatusCode::ABORTED);
  ExpectEcho([&](auto* context) { return stub_->Echo(context, Delayed("x", -1), &response); },
             grpc::StatusCode::INVALID_ARGUMENT);
  ExpectEcho(
      [&](auto* context) {
        context->AddMetadata("udsecho-compress", "br");
        return stub_->Echo(context, Message("x"), &response);
      },
      grpc::StatusCode::INVALID_ARGUMENT);
}

constexpr char kEcho[] = "/udsecho.v1.Echo/Echo";
constexpr char kExpand[] = "/udsecho.v1.Echo/Expand";

class CompressionTest : public ::testing::Test {
 protected:
  RawReply Ask(const std::string& encoding, int accepted, const char* method = kEcho) const {
    const std::string request = Message(std::string(1000, 'x')).SerializeAsString();
    return RawCall(ConnectRaw(server_.path(), accepted), method,
                   {.request = request, .metadata = {{"udsecho-compress", encoding}}});
  }

  ServerProcess server_;
};

TEST_F(CompressionTest, OnRequest) {
  EXPECT_TRUE(IsGzip(Ask("gzip", kAllEncodings).messages.at(0)));
  EXPECT_TRUE(IsGzip(Ask("gzip", kAllEncodings, kExpand).messages.at(0)));
  EXPECT_TRUE(IsDeflate(Ask("deflate", kAllEncodings).messages.at(0)));
  EXPECT_EQ(Ask("identity", kAllEncodings).messages.at(0).size(), 1003U);
}

TEST_F(CompressionTest, NotWithoutBeingAccepted) {
  EXPECT_EQ(Ask("gzip", kIdentityOnly).messages.at(0).size(), 1003U);
  EXPECT_EQ(Ask("gzip", kDeflateToo).messages.at(0).size(), 1003U);
  EXPECT_TRUE(IsDeflate(Ask("deflate", kDeflateToo).messages.at(0)));
}

TEST_F(CompressionTest, OfAnotherKindIsRefused) {
  for (const std::string encoding : {"br", "", "GZIP"}) {
    EXPECT_EQ(Ask(encoding, kAllEncodings).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(CompressionTest, OfRequestsIsTakenInEveryShape) {
  const std::string text(100'000, 'x');
  for (const auto encoding : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    for (const char* method :
         {kEcho, kExpand, "/udsecho.v1.Echo/Collect", "/udsecho.v1.Echo/Chat"}) {
      const RawReply reply =
          RawCall(ConnectRaw(server_.path(), kAllEncodings), method,
                  {.request = Message(text).SerializeAsString(), .encoding = encoding});
      ASSERT_TRUE(reply.status.ok()) << method << ": " << reply.status.error_message();
      EXPECT_THAT(reply.messages.at(0), ::testing::HasSubstr(text)) << method;
    }
  }
}

}  // namespace
}  // namespace udsecho::integration
