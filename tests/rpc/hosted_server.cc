// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/rpc/hosted_server.h"

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace udsecho::testing {
namespace {

uds::Listener Listen(const std::string& path) {
  absl::StatusOr<uds::Address> address = uds::Address::Parse(path);
  EXPECT_THAT(address, support::IsOk());
  absl::StatusOr<uds::Listener> listener = uds::Listener::Open(*address);
  EXPECT_THAT(listener, support::IsOk());
  return *std::move(listener);
}

// Tests that say nothing of shards are run with one and with several: see BUILD.bazel.
rpc::ServerOptions WithShards(rpc::ServerOptions options) {
  const char* const shards = std::getenv("HOSTED_SERVER_SHARDS");
  if (shards != nullptr && options.shards == 1) {
    EXPECT_TRUE(absl::SimpleAtoi(shards, &options.shards));
  }
  return options;
}

}  // namespace

HostedServer::HostedServer(const rpc::ServerOptions& options, rpc::ServerEvents* events,
                           rpc::Service* service)
    : path_(dir_.Path("s")), server_(WithShards(options), events), listener_(Listen(path_)) {
  server_.Add(service != nullptr ? service : &probe_);
}

HostedServer::~HostedServer() {
  if (!thread_.joinable()) return;
  server_.Stop();
  server_.Stop();
  Join();
}

void HostedServer::Start() {
  thread_ = std::thread([this] {
    absl::StatusOr<rpc::DrainResult> result = server_.Run(std::move(listener_));
    EXPECT_THAT(result, support::IsOk());
    if (result.ok()) result_ = *result;
  });
}

rpc::DrainResult HostedServer::Join() {
  thread_.join();
  return result_;
}

rpc::DrainResult HostedServer::StopAndJoin() {
  Stop();
  return Join();
}

std::shared_ptr<grpc::Channel> HostedServer::Connect() const {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(absl::StrCat("unix:", path_), grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace udsecho::testing
