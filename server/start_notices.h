// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the log says once, when the server serves, of where it serves: who else can replace the socket, what
// the kernel or a sandbox does not give, and what follows from that.
//
//   StartNotices notices(&options, &service_events);
//   notices.LookAt(*listener, /*is_activated=*/false);
//   server.Run(*std::move(listener), stop_fd);  // whose Serving() calls notices.Tell()
//
// Thread safety: none. Ownership: borrows the options and the events, which outlive it.

#ifndef SERVER_START_NOTICES_H_
#define SERVER_START_NOTICES_H_

#include "absl/status/status.h"
#include "server/events.h"
#include "server/options.h"
#include "uds/listener.h"

namespace udsecho {

class StartNotices {
 public:
  StartNotices(const Options* options, ServiceEvents* events)
      : options_(*options), events_(*events) {}

  // Before the server takes it. `is_activated`: a service manager made it.
  void LookAt(const uds::Listener& listener, bool is_activated);

  void Tell() const;

 private:
  void WarnIfOthersAreShutOut() const;
  void TellWhatIsMissing() const;

  const Options& options_;
  ServiceEvents& events_;
  bool is_activated_ = false;
  bool takes_over_ = false;
  absl::Status path_trust_;
  absl::Status path_lock_;
  absl::Status path_watch_gap_;
};

}  // namespace udsecho

#endif  // SERVER_START_NOTICES_H_
