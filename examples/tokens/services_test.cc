// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The two services, with callers of any uid and a clock that the test sets.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "admin.pb.h"
#include "admin_service.h"
#include "agent.h"
#include "rpc/call/thread_pool.h"
#include "rpc/testing/test_client.h"
#include "rpc/testing/test_server.h"
#include "test_folder.h"
#include "token_service.h"
#include "tokens.pb.h"
#include "uds/peer_credentials.h"

namespace tokens {
namespace {

using absl::StatusCode;

constexpr char kIssue[] = "/tokens.v1.Tokens/Issue";
constexpr char kVerify[] = "/tokens.v1.Tokens/Verify";
constexpr char kWatch[] = "/tokens.v1.Tokens/Watch";
constexpr char kRotate[] = "/tokens.v1.Admin/Rotate";
constexpr char kListIssued[] = "/tokens.v1.Admin/ListIssued";
constexpr char kDbForAda[] = R"({"audience": "db", "uids": [1000]})";

v1::IssueRequest For(const std::string& audience) {
  v1::IssueRequest request;
  request.set_audience(audience);
  return request;
}

class ServicesTest : public ::testing::Test {
 protected:
  ServicesTest() {
    WriteKey("correct horse battery staple");
    WriteConfig(kDbForAda);
    EXPECT_TRUE(agent_.Reload().ok());
    public_.Add(&token_service_);
    admin_.Add(&admin_service_);
  }

  void WriteKey(const std::string& secret) {
    std::ofstream(key_) << secret;
    chmod(key_.c_str(), 0600);
  }
  void WriteConfig(const std::string& rules, absl::Duration lifetime = absl::Minutes(1)) {
    std::ofstream(config_) << R"({"public_socket": "p", "admin_socket": "a", "key_file": ")" << key_
                           << R"(", "lifetime_seconds": )" << absl::ToInt64Seconds(lifetime)
                           << R"(, "rules": [)" << rules << "]}";
    chmod(config_.c_str(), 0600);
  }

  // On both clocks.
  void Pass(absl::Duration duration) {
    now_ += duration;
    public_.Advance(duration);
  }
  std::string Issue() { return ada_.Ask<v1::Token>(kIssue, For("db")).value().token(); }
  absl::StatusOr<v1::VerifyReply> Verify(const std::string& token,
                                         const std::string& audience = "db") {
    v1::VerifyRequest request;
    request.set_token(token);
    request.set_audience(audience);
    return ada_.Ask<v1::VerifyReply>(kVerify, request);
  }
  absl::StatusOr<v1::RotateReply> Rotate(bool revoke_old = false) {
    v1::RotateRequest request;
    request.set_revoke_old(revoke_old);
    rpc::TestCall call(&root_, kRotate);
    call.SendLast(request);
    pool_.RunNext();
    admin_.Settle();
    public_.Settle();
    if (!call.status().has_value()) return absl::InternalError("it has not ended");
    if (!call.status()->ok()) return *call.status();
    return *call.Next<v1::RotateReply>();
  }

  const TestFolder folder_;
  const std::string key_ = folder_.Path("key");
  const std::string config_ = folder_.Path("agent.json");
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  Agent agent_{config_, [this] { return now_; }};
  rpc::ThreadPool pool_{{.threads = 0}};
  TokenService token_service_{&agent_};
  AdminService admin_service_{&agent_, &pool_};
  rpc::TestServer public_;
  rpc::TestServer admin_{{.admit = AdmitAdmin}};
  rpc::TestClient ada_{&public_, {.uid = 1000, .gid = 1000}};
  rpc::TestClient root_{&admin_, {.uid = 0, .gid = 0}};
};

TEST_F(ServicesTest, IssuesWhatTheRulesAllow) {
  const absl::StatusOr<v1::VerifyReply> verified = Verify(Issue());
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->uid(), 1000U);
  EXPECT_EQ(verified->expires().seconds(), 1'700'000'060);
  EXPECT_EQ(ada_.Ask<v1::Token>(kIssue, For("web")).status().code(), StatusCode::kPermissionDenied);
  rpc::TestClient bob(&public_, {.uid = 1001, .gid = 1000});
  EXPECT_EQ(bob.Ask<v1::Token>(kIssue, For("db")).status().code(), StatusCode::kPermissionDenied);
  rpc::TestCall watch(&bob, kWatch);
  watch.SendLast(For("db"));
  EXPECT_EQ(watch.status()->code(), StatusCode::kPermissionDenied);
}

TEST_F(ServicesTest, VerifiesForItsAudienceUntilItExpires) {
  const std::string token = Issue();
  EXPECT_EQ(Verify(token, "web").status().code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(Verify("nonsense").status().code(), StatusCode::kUnauthenticated);
  Pass(absl::Seconds(59));
  EXPECT_TRUE(Verify(token).ok());
  Pass(absl::Seconds(1));
  EXPECT_EQ(Verify(token).status().code(), StatusCode::kUnauthenticated);
}

TEST_F(ServicesTest, WatchersGetANewTokenInTime) {
  rpc::TestCall watch(&ada_, kWatch);
  watch.SendLast(For("db"));
  const std::string first = watch.Next<v1::Token>().value().token();
  Pass(absl::Seconds(29));
  EXPECT_EQ(watch.Next<v1::Token>(), std::nullopt);
  Pass(absl::Seconds(11));
  const std::string second = watch.Next<v1::Token>().value().token();
  EXPECT_NE(first, second);
  EXPECT_TRUE(Verify(first).ok());
  Pass(absl::Seconds(20));
  EXPECT_FALSE(Verify(first).ok());
  EXPECT_TRUE(Verify(second).ok());
  EXPECT_EQ(watch.status(), std::nullopt);
}

TEST_F(ServicesTest, WatchersDoNotAllComeBackTogether) {
  std::deque<rpc::TestCall> watches;
  for (int i = 0; i < 50; ++i) {
    rpc::TestCall& watch = watches.emplace_back(&ada_, kWatch);
    watch.SendLast(For("db"));
    EXPECT_TRUE(watch.Next<v1::Token>().has_value());
  }
  Pass(absl::Seconds(30));
  std::vector<int> renewed;  // in each second
  for (int second = 0; second < 10; ++second) {
    Pass(absl::Seconds(1));
    renewed.push_back(0);
    for (rpc::TestCall& watch : watches) {
      if (watch.Next<v1::Token>().has_value()) ++renewed.back();
    }
  }
  EXPECT_EQ(std::accumulate(renewed.begin(), renewed.end(), 0), 50);
  // 5 on average; it would take a chance of one in 10^20.
  EXPECT_LT(*std::max_element(renewed.begin(), renewed.end()), 35);
}

TEST_F(ServicesTest, RotatesToAnotherKey) {
  rpc::TestCall watch(&ada_, kWatch);
  watch.SendLast(For("db"));
  const std::string old = watch.Next<v1::Token>().value().token();
  WriteKey("another secret, as long");
  EXPECT_TRUE(Rotate()->key_changed());
  const std::string now = watch.Next<v1::Token>().value().token();
  EXPECT_TRUE(Verify(old).ok()) << "it has not expired";
  EXPECT_TRUE(Verify(now).ok());

  EXPECT_FALSE(Rotate(/*revoke_old=*/true)->key_changed());
  EXPECT_FALSE(Verify(old).ok());
  EXPECT_TRUE(Verify(now).ok());
}

TEST_F(ServicesTest, AnOldKeyIsValidUntilItsLastTokenExpires) {
  const std::string old = Issue();
  WriteConfig(kDbForAda, absl::Seconds(10));  // which is for tokens from now on
  EXPECT_TRUE(Rotate().ok());
  WriteKey("another secret, as long");
  EXPECT_TRUE(Rotate().ok());
  Pass(absl::Seconds(59));
  EXPECT_TRUE(Verify(old).ok());
  Pass(absl::Seconds(1));
  EXPECT_FALSE(Verify(old).ok());
}

TEST_F(ServicesTest, RotationThatFailsChangesNothing) {
  rpc::TestCall watch(&ada_, kWatch);
  watch.SendLast(For("db"));
  const std::string token = watch.Next<v1::Token>().value().token();
  WriteConfig("nonsense");
  EXPECT_EQ(Rotate(true).status().code(), StatusCode::kInvalidArgument);
  WriteConfig("");
  WriteKey("too short");
  const absl::Status why = Rotate(true).status();
  EXPECT_EQ(why.code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(absl::StrContains(why.message(), "too short"));
  EXPECT_EQ(watch.Next<v1::Token>(), std::nullopt);
  EXPECT_TRUE(Verify(token).ok());
  EXPECT_TRUE(Verify(Issue()).ok());
}

TEST_F(ServicesTest, RulesThatChangeEndWatches) {
  rpc::TestCall watch(&ada_, kWatch);
  watch.SendLast(For("db"));
  EXPECT_TRUE(watch.Next<v1::Token>().has_value());
  WriteConfig("");
  EXPECT_TRUE(Rotate().ok());
  EXPECT_EQ(watch.status()->code(), StatusCode::kPermissionDenied);
}

TEST_F(ServicesTest, ADrainEndsWatches) {
  rpc::TestCall watch(&ada_, kWatch);
  watch.SendLast(For("db"));
  public_.Drain();
  EXPECT_EQ(watch.status()->code(), StatusCode::kUnavailable);
}

TEST_F(ServicesTest, ListsWhatWasIssued) {
  const std::string token = Issue();
  Pass(absl::Seconds(5));
  Issue();
  const auto reply = root_.Ask<v1::ListIssuedReply>(kListIssued, v1::ListIssuedRequest());
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->issued_size(), 2);
  EXPECT_EQ(reply->issued(0).id(), Verify(token)->id());
  EXPECT_EQ(reply->issued(0).audience(), "db");
  EXPECT_EQ(reply->issued(0).uid(), 1000U);
  EXPECT_EQ(reply->issued(1).issued().seconds(), 1'700'000'005);
  EXPECT_EQ(reply->issued(1).expires().seconds(), 1'700'000'065);
}

TEST_F(ServicesTest, AdministersForRootAndItsOwnUser) {
  const v1::ListIssuedRequest request;
  rpc::TestClient own(&admin_, {.uid = geteuid()});
  EXPECT_TRUE(own.Ask<v1::ListIssuedReply>(kListIssued, request).ok());
  rpc::TestClient other(&admin_, {.uid = geteuid() + 1, .gid = 0, .groups = {0}});
  EXPECT_EQ(other.Ask<v1::ListIssuedReply>(kListIssued, request).status().code(),
            StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace tokens
