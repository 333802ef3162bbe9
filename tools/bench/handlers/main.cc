// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a handler's waits cost: a method for each, beside one that only answers. See run.
//
//   handlers SOCKET [--hooks]

#include <any>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "absl/time/time.h"
#include "rpc/call/run_on.h"
#include "rpc/call/task.h"
#include "rpc/call/thread_pool.h"
#include "rpc/call/unary_call.h"
#include "rpc/call/when.h"
#include "rpc/server.h"
#include "rpc/service.h"
#include "rpc/stop_signals.h"
#include "tools/bench/handlers/handlers.pb.h"

namespace {

using udsecho::bench::Text;
using Call = rpc::UnaryCall<Text, Text>;

// Long enough that nothing is due before the call has ended.
constexpr absl::Duration kLong = absl::Hours(1);

class Handlers final : public rpc::Service {
 public:
  explicit Handlers(rpc::ThreadPool* pool) : Service("udsecho.bench.Handlers"), pool_(*pool) {
    Handle("Plain", &Handlers::Plain);
    Handle("Nested", &Handlers::Nested);
    Handle("Limited", &Handlers::Limited);
    Handle("Slept", &Handlers::Slept);
    Handle("Any", &Handlers::Any);
    Handle("Pool", &Handlers::Pool);
  }

 private:
  // A copy, as RunOn() moves it to another thread.
  static Text ReplyTo(const Text& request) { return request; }
  static rpc::TaskOf<Text> Compose(const Text& request) { co_return ReplyTo(request); }

  rpc::Task Plain(Call& call) { co_await call.Finish(ReplyTo(call.request())); }

  rpc::Task Nested(Call& call) {
    const Text response = co_await Compose(call.request());
    co_await call.Finish(response);
  }

  rpc::Task Limited(Call& call) {
    call.LimitTime(kLong);
    co_await call.Finish(ReplyTo(call.request()));
  }

  rpc::Task Slept(Call& call) {
    co_await call.Sleep(absl::Nanoseconds(1));
    co_await call.Finish(ReplyTo(call.request()));
  }

  rpc::Task Any(Call& call) {
    const auto first = co_await rpc::WhenAny(call.Sleep(absl::Nanoseconds(1)), call.Sleep(kLong));
    if (first.index() == 0) co_await call.Finish(ReplyTo(call.request()));
  }

  rpc::Task Pool(Call& call) {
    const auto response = co_await call.RunOn(pool_, ReplyTo, call.request());
    if (response.ok()) co_await call.Finish(*response);
  }

  rpc::ThreadPool& pool_;
};

}  // namespace

int main(int argc, char** argv) {
  const rpc::StopSignals signals;
  const auto address = uds::Address::Parse(argc >= 2 ? argv[1] : "");
  if (!address.ok()) return std::cerr << address.status() << '\n', 2;
  auto listener = uds::Listener::Open(*address);
  if (!listener.ok()) return std::cerr << listener.status() << '\n', 1;

  rpc::ServerOptions options;
  std::size_t ended = 0;
  if (argc == 3 && std::strcmp(argv[2], "--hooks") == 0) {
    options.call_hooks.begin = [](rpc::Call& call) {
      call.attachment() = call.peer().uid;
      return absl::OkStatus();
    };
    options.call_hooks.ended = [&ended](const rpc::EndedCall& /*call*/) { ++ended; };
  }
  rpc::ThreadPool pool({.threads = 1});
  Handlers handlers(&pool);
  rpc::Server server(options);
  server.Add(&handlers);
  return server.Run(*std::move(listener), signals.fd()).ok() ? 0 : 1;
}
