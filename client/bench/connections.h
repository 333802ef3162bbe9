// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The connections of one worker, and its waiting for them.
//
//   Connections connections(plan, share.connections, share.concurrency);
//   if (!connections.Connect().ok()) ...
//   exchange.Begin(&connections.at(i), due, now);
//   connections.Touch(i);
//   connections.Flush();                              // what was touched, a write each
//   connections.Wait(until, [&] { now = Clock::now(); }, [&](bool is_of_a_call) { ... });
//   connections.Repair();                             // from time to time
//
// Thread safety: none. Ownership: owns the connections; the streams on them are the caller's.

#ifndef CLIENT_BENCH_CONNECTIONS_H_
#define CLIENT_BENCH_CONNECTIONS_H_

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "client/bench/plan.h"
#include "http2/account.h"
#include "http2/client_connection.h"
#include "uds/unique_fd.h"

namespace udsecho::client {

class Connections {
 public:
  // `concurrency`: the most calls at once, which a connection's memory is bounded by.
  Connections(const Plan& plan, int count, int concurrency);

  // All of them, or why not.
  absl::Status Connect();

  // `index` from 0.
  http2::ClientConnection& at(int index) const { return links_[index]->connection; }
  // No call may begin there: it has ended, or the server wants it to end.
  bool IsLost(int index) const { return !links_[index]->connection.may_submit(); }

  // No call may begin on any.
  bool AllLost() const {
    return std::all_of(links_.begin(), links_.end(),
                       [](const auto& link) { return !link->connection.may_submit(); });
  }

  // There may be something to be sent.
  void Touch(int index) { Touch(links_[index].get()); }
  void Flush();

  // Waits so long at the most, and reads and handles each connection for which there is something.
  // `received` is called once its bytes have been read, `handled` whenever its streams know of some
  // of them, and whether there was anything of a call among it.
  template <class Received, class Handled>
  void Wait(std::chrono::milliseconds most, Received received, Handled handled) {
    const int count = WaitForEvents(most);
    if (count == 0) received();
    for (int i = 0; i < count; ++i) {
      Link* const link = static_cast<Link*>(events_[i].data.ptr);
      bool more = link->connection.Receive();
      received();
      do {
        if (more) more = link->connection.Handle();
        Touch(link);
        const bool is_of_a_call = std::exchange(link->progress, link->connection.progress()) !=
                                  link->connection.progress();
        handled(is_of_a_call);
      } while (more);
    }
  }

  // Makes those that were lost anew, if the server is there.
  void Repair();

 private:
  struct Link {
    Link(uds::UniqueFd fd, int64_t most_bytes)
        : budget(most_bytes), connection(std::move(fd), &account, {}) {}

    http2::MemoryBudget budget;
    http2::MemoryBudget::Holder holder;
    http2::Account account{&budget, &holder};
    http2::ClientConnection connection;
    bool touched = false;
    uint64_t progress = 0;  // of the connection, when it was handled last
    uint32_t watched_for = 0;
  };

  int WaitForEvents(std::chrono::milliseconds most);
  void Touch(Link* link);
  void Watch(Link* link);
  // Null, and errno, if the kernel watches too many descriptors.
  std::unique_ptr<Link> Open(uds::UniqueFd fd);

  const Plan& plan_;
  const int64_t most_bytes_;
  const uds::UniqueFd epoll_;
  std::array<epoll_event, 64> events_;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<std::unique_ptr<Link>> old_;  // told to go away, with calls that may end
  std::vector<Link*> touched_;
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_CONNECTIONS_H_
