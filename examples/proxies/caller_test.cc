// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "examples/proxies/caller.h"

#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "greeter.pb.h"
#include "rpc/service.h"
#include "rpc/testing/test_client.h"
#include "rpc/testing/test_server.h"
#include "uds/peer_credentials.h"

namespace proxies {
namespace {

using examples::greeter::HelloReply;
using examples::greeter::HelloRequest;

constexpr uid_t kProxy = 70;

class Greeter final : public rpc::Service {
 public:
  Greeter() : Service("examples.greeter.Greeter") { Handle("Hello", &Greeter::Hello); }

 private:
  rpc::Task Hello(rpc::UnaryCall<HelloRequest, HelloReply>& call) {
    const absl::StatusOr<Caller> caller = CallerOf(call, kProxy);
    if (!caller.ok()) {
      co_await call.Finish(caller.status());
      co_return;
    }
    HelloReply reply;
    reply.set_text(absl::StrCat(caller->subject, " at ", caller->address));
    co_await call.Finish(reply);
  }
};

class CallerTest : public ::testing::Test {
 protected:
  CallerTest() { server_.Add(&greeter_); }

  // What a caller of that uid gets, which sends these headers.
  absl::StatusOr<HelloReply> Ask(uid_t uid, const rpc::TestMetadata& metadata) {
    rpc::TestClient client(&server_, {.uid = uid, .gid = uid});
    return client.Ask<HelloReply>("/examples.greeter.Greeter/Hello", HelloRequest(),
                                  {.metadata = metadata});
  }

  Greeter greeter_;
  rpc::TestServer server_;
};

TEST_F(CallerTest, IsWhomTheProxyNames) {
  const auto reply =
      Ask(kProxy, {{"x-client-subject", "CN=reports"}, {"x-client-address", "192.0.2.7"}});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text(), "CN=reports at 192.0.2.7");
}

TEST_F(CallerTest, HasNoNameWithoutACertificate) {
  const auto reply = Ask(kProxy, {{"x-client-address", "192.0.2.7"}});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text(), " at 192.0.2.7");
}

TEST_F(CallerTest, IsNotBelievedByAnybodyButTheProxy) {
  EXPECT_EQ(Ask(1000, {{"x-client-subject", "CN=reports"}}).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Ask(0, {{"x-client-subject", "CN=reports"}}).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(CallerTest, IsNotBelievedWhenTheProxyOverwritesNothing) {
  EXPECT_EQ(Ask(kProxy, {{"x-client-subject", "CN=root"}, {"x-client-subject", "CN=reports"}})
                .status()
                .code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace proxies
