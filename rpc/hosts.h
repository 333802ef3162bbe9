// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The gRPC servers behind a Server: one for each uid that is connected, all on one completion
// queue.
//
//   Hosts hosts(&builder, &services, shard);
//   hosts.Adopt(account, fd);             // the uid's own grpc::Server takes the connection
//   hosts.Share(bytes);                   // what each of them may take for what it has not handed
//   over hosts.ShutDown([] { ... });
//
// Why more than one: gRPC counts the memory of unfinished messages by server, and when that has run
// out it ends calls of whichever connection comes next. One uid that sends halves of messages would
// so cost another its calls. With a server for each, it costs only itself. What the servers take
// is little: they share the queue, its thread and the services.
//
// A server whose uid has no connection any more goes to the next uid that comes. There are
// kMaxHosts at most; beyond, uids share.
//
// Thread safety: none; belongs to the shard's polling thread, except that ShutDown()'s callback
// runs on a thread of its own. Ownership: borrows all its parts; they outlive it.

#ifndef RPC_HOSTS_H_
#define RPC_HOSTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "grpcpp/resource_quota.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "rpc/registration.h"
#include "rpc/service.h"
#include "rpc/shard.h"
#include "rpc/users.h"

namespace rpc {

class Hosts {
 public:
  // Each costs some 100 KB: a request of every method waits at it.
  static constexpr std::size_t kMaxHosts = 64;

  // `builder` has the shard's queue, and every option but the services.
  Hosts(grpc::ServerBuilder* builder, const std::vector<Service*>* services, Shard* shard);
  ~Hosts();

  // Makes the first one; false when gRPC would not start.
  bool Start() { return NewHost(); }

  // Hands a connection of the user's to gRPC, which owns `fd` from now on. Closes it once
  // ShutDown() was called.
  void Adopt(const Account* account, int fd);
  // A connection of the user's has ended.
  void Forget(const Account* account);

  // What each may take for messages that are on their way, in bytes.
  void Share(std::int64_t bytes);

  // Has all of them end, which takes until their last connection has ended, and then calls `ended`.
  void ShutDown(std::function<void()> ended);

 private:
  struct Host {
    std::unique_ptr<grpc::Server> server;
    grpc::ResourceQuota quota;
    int connections = 0;
  };

  bool NewHost();
  Host* HostOf(const Account* account);

  grpc::ServerBuilder* const builder_;
  const std::vector<Service*>* const services_;
  Shard* const shard_;
  std::vector<std::shared_ptr<Registration>> registrations_;  // of the one being built
  std::vector<std::unique_ptr<Host>> hosts_;
  std::unordered_map<const Account*, Host*> by_account_;  // who have a connection
  std::int64_t share_ = 0;
  std::thread shutdown_;
};

}  // namespace rpc

#endif  // RPC_HOSTS_H_
