// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server of gRPC's own at the back, and one of ours at the front whose handlers call it.
//
//   StreamOutBed bed;
//   bed.back().talk = [](grpc::ServerContext& context, Back::Stream& stream) { ... };
//   bed.front().talk = [](Front::Talking& call, Front::Stub& back) -> rpc::Task { ... };
//   bed.Start();
//   auto stream = bed.stub()->Talk(&context);
//
// A front without a script relays. A back without one answers each message of Talk with the same text,
// Expand with `count` messages and Collect with all texts.
//
// Thread safety: scripts of the back run on gRPC's threads, those of the front on the front's.

#ifndef TESTS_RPC_STREAM_OUT_BED_H_
#define TESTS_RPC_STREAM_OUT_BED_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "rpc/outgoing/stream_out.h"
#include "rpc/server.h"
#include "tests/rpc/probe.grpc.pb.h"
#include "tests/rpc/probe_service.h"
#include "tests/support/temp_dir.h"

namespace udsecho::testing {

class Back final : public v1::Probe::Service {
 public:
  using Stream = grpc::ServerReaderWriter<v1::ProbeReply, v1::ProbeRequest>;
  using Writer = grpc::ServerWriter<v1::ProbeReply>;
  using Reader = grpc::ServerReader<v1::ProbeRequest>;

  std::function<grpc::Status(grpc::ServerContext&, Stream&)> talk;
  std::function<grpc::Status(grpc::ServerContext&, const v1::ProbeRequest&, Writer&)> expand;
  std::function<grpc::Status(grpc::ServerContext&, Reader&, v1::ProbeReply*)> collect;

  // Says kInterrupted if Talk ended because it was cancelled, else kWaited.
  Words& words() { return words_; }

 private:
  grpc::Status Ask(grpc::ServerContext* context, const v1::ProbeRequest* request,
                   v1::ProbeReply* reply) override;
  grpc::Status Expand(grpc::ServerContext* context, const v1::ProbeRequest* request,
                      Writer* writer) override;
  grpc::Status Collect(grpc::ServerContext* context, Reader* reader,
                       v1::ProbeReply* reply) override;
  grpc::Status Talk(grpc::ServerContext* context, Stream* stream) override;

  Words words_;
};

class Front final : public rpc::Service {
 public:
  using Expanding = rpc::ServerStreamCall<v1::ProbeRequest, v1::ProbeReply>;
  using Collecting = rpc::ClientStreamCall<v1::ProbeRequest, v1::ProbeReply>;
  using Talking = rpc::BidiCall<v1::ProbeRequest, v1::ProbeReply>;
  using Stub = v1::Probe::Stub;
  using TalkOut = rpc::OutgoingBidi<v1::ProbeRequest, v1::ProbeReply>;

  explicit Front(const std::shared_ptr<grpc::Channel>& back);

  std::function<rpc::Task(Expanding&, Stub&)> expand;
  std::function<rpc::Task(Collecting&, Stub&)> collect;
  std::function<rpc::Task(Talking&, Stub&)> talk;

 private:
  rpc::Task Expand(Expanding& call);
  rpc::Task Collect(Collecting& call);
  rpc::Task Talk(Talking& call);
  static rpc::Task Up(Talking& call, TalkOut& back);
  static rpc::Task Down(Talking& call, TalkOut& back);

  const std::unique_ptr<Stub> back_;
};

class StreamOutBed {
 public:
  StreamOutBed();
  ~StreamOutBed();

  // After the scripts are set.
  void Start();
  // The back ends, with its connections.
  void StopBack();

  Back& back() { return back_; }
  Front& front() { return front_; }
  v1::Probe::Stub* stub() { return stub_.get(); }
  rpc::Server& front_server() { return front_server_; }

 private:
  const support::TempDir dir_;
  const std::string back_address_ = "unix:" + dir_.Path("b");
  const std::string front_path_ = dir_.Path("f");
  Back back_;
  Front front_;
  std::unique_ptr<grpc::Server> back_server_;
  rpc::Server front_server_;
  std::thread thread_;
  std::unique_ptr<v1::Probe::Stub> stub_;
};

}  // namespace udsecho::testing

#endif  // TESTS_RPC_STREAM_OUT_BED_H_
