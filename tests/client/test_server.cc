// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/client/test_server.h"

#include <sys/socket.h>

#include <chrono>
#include <cstdlib>

#include "grpc/grpc.h"
#include "grpcpp/server_posix.h"

namespace udsecho::client {

grpc::Status TestService::Reply(grpc::ServerContext*, const v1::EchoRequest* request,
                                v1::EchoResponse* response) {
  response->set_message(request->message());
  response->set_payload(request->payload());
  return grpc::Status::OK;
}

grpc::Status TestService::ReplyToAll(grpc::ServerContext*, Stream* stream) {
  v1::EchoRequest request;
  v1::EchoResponse response;
  while (stream->Read(&request)) {
    response.set_message(request.message());
    if (!stream->Write(response)) break;
  }
  return grpc::Status::OK;
}

grpc::Status TestService::Expand(grpc::ServerContext*, const v1::ExpandRequest* request,
                                 grpc::ServerWriter<v1::EchoResponse>* writer) {
  v1::EchoResponse response;
  response.set_message(request->message());
  for (int i = 0; i < request->count() && writer->Write(response); ++i) {
  }
  return grpc::Status::OK;
}

grpc::Status TestService::Collect(grpc::ServerContext*, grpc::ServerReader<v1::EchoRequest>* reader,
                                  v1::CollectResponse* response) {
  v1::EchoRequest request;
  for (; reader->Read(&request); response->set_count(response->count() + 1)) {
    response->mutable_message()->append(request.message());
  }
  return grpc::Status::OK;
}

grpc::Status Hang(grpc::ServerContext* context) {
  while (!context->IsCancelled()) {
    timespec pause = {0, 1'000'000};  // the sync API offers nothing to wait for
    nanosleep(&pause, nullptr);
  }
  return grpc::Status::CANCELLED;
}

TestServer::TestServer(const std::string& path) {
  // Never shut down: the last shutdown may wait 10 s for a thread that finished a blocked write.
  grpc_init();
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  builder.RegisterService(&admin);
  builder.AddListeningPort("localhost:0", grpc::InsecureServerCredentials(), &port_);
  if (!path.empty()) builder.AddListeningPort("unix:" + path, grpc::InsecureServerCredentials());
  // A thread that waits for calls looks whether the server is to end as often as that, and not each 10 s.
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::CQ_TIMEOUT_MSEC, 200);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) std::abort();
}

TestServer::~TestServer() { Stop(); }

void TestServer::Stop() { server_->Shutdown(std::chrono::system_clock::now()); }

void TestServer::Leave() { server_->Shutdown(std::chrono::system_clock::time_point::max()); }

uds::UniqueFd TestServer::Connect() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) std::abort();
  grpc::AddInsecureChannelFromFd(server_.get(), ends[1]);
  return uds::UniqueFd(ends[0]);
}

}  // namespace udsecho::client
