// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/rpc/stream_out_bed.h"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/call/when.h"
#include "tests/support/status_matchers.h"

namespace udsecho::testing {
namespace {

// A channel with a connection of its own.
std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

grpc::Status Back::Ask(grpc::ServerContext* /*context*/, const v1::ProbeRequest* request,
                       v1::ProbeReply* reply) {
  reply->set_text(request->text());
  return grpc::Status::OK;
}

grpc::Status Back::Expand(grpc::ServerContext* context, const v1::ProbeRequest* request,
                          Writer* writer) {
  if (expand) return expand(*context, *request, *writer);
  v1::ProbeReply reply;
  for (int i = 0; i < request->count(); ++i) {
    reply.set_text(absl::StrCat(request->text(), i));
    writer->Write(reply);
  }
  return grpc::Status::OK;
}

grpc::Status Back::Collect(grpc::ServerContext* context, Reader* reader, v1::ProbeReply* reply) {
  if (collect) return collect(*context, *reader, reply);
  v1::ProbeRequest request;
  while (reader->Read(&request)) reply->mutable_text()->append(request.text());
  return grpc::Status::OK;
}

grpc::Status Back::Talk(grpc::ServerContext* context, Stream* stream) {
  if (talk) return talk(*context, *stream);
  v1::ProbeRequest request;
  v1::ProbeReply reply;
  while (stream->Read(&request)) {
    reply.set_text(request.text());
    stream->Write(reply);
  }
  words_.Say(context->IsCancelled() ? Word::kInterrupted : Word::kWaited);
  return grpc::Status::OK;
}

Front::Front(const std::shared_ptr<grpc::Channel>& back)
    : Service("udsecho.testing.v1.Probe"), back_(v1::Probe::NewStub(back)) {
  Handle("Expand", &Front::Expand);
  Handle("Collect", &Front::Collect);
  Handle("Talk", &Front::Talk);
}

rpc::Task Front::Expand(Expanding& call) {
  if (expand) {
    co_await expand(call, *back_);
    co_return;
  }
  auto back = rpc::CallOut(call, back_->async(), &Stub::async::Expand, call.request());
  v1::ProbeReply reply;
  while (co_await back.Read(&reply)) {
    if (!co_await call.Write(reply)) co_return;
  }
  const absl::Status status = co_await back.Finish();
  co_await call.Finish(status);
}

rpc::Task Front::Collect(Collecting& call) {
  if (collect) {
    co_await collect(call, *back_);
    co_return;
  }
  auto back = rpc::CallOut(call, back_->async(), &Stub::async::Collect);
  v1::ProbeRequest request;
  while (co_await call.Read(&request)) {
    if (!co_await back.Write(request)) break;
  }
  const absl::StatusOr<v1::ProbeReply> reply = co_await back.Finish();
  co_await call.Finish(reply);
}

rpc::Task Front::Talk(Talking& call) {
  if (talk) {
    co_await talk(call, *back_);
    co_return;
  }
  auto back = rpc::CallOut(call, back_->async(), &Stub::async::Talk);
  const auto first = co_await rpc::WhenAny(Down(call, back), Up(call, back));
  if (first.index() == 1) co_await Down(call, back);
  const absl::Status status = co_await back.Finish();
  co_await call.Finish(status);
}

rpc::Task Front::Down(Talking& call, TalkOut& back) {
  v1::ProbeReply reply;
  while (co_await back.Read(&reply)) {
    if (!co_await call.Write(reply)) co_return;
  }
}

rpc::Task Front::Up(Talking& call, TalkOut& back) {
  v1::ProbeRequest request;
  while (co_await call.Read(&request)) {
    if (!co_await back.Write(request)) co_return;
  }
  co_await back.WritesDone();
}

StreamOutBed::StreamOutBed() : front_(Connect(back_address_)) {}

void StreamOutBed::Start() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(back_address_, grpc::InsecureServerCredentials());
  builder.RegisterService(&back_);
  back_server_ = builder.BuildAndStart();
  ASSERT_NE(back_server_, nullptr);

  front_server_.Add(&front_);
  // Connections wait in the backlog.
  auto listener = uds::Listener::Open(uds::Address::Parse(front_path_).value());
  ASSERT_THAT(listener, support::IsOk());
  thread_ = std::thread([this, listener = std::move(*listener)]() mutable {
    EXPECT_THAT(front_server_.Run(std::move(listener)), support::IsOk());
  });
  stub_ = v1::Probe::NewStub(Connect("unix:" + front_path_));
}

void StreamOutBed::StopBack() { back_server_->Shutdown(std::chrono::system_clock::now()); }

StreamOutBed::~StreamOutBed() {
  front_server_.Stop(absl::ZeroDuration());
  thread_.join();
  StopBack();
}

}  // namespace udsecho::testing
