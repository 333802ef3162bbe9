// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A listening Unix socket: a path claimed safely, and connections accepted without being taken
// down.
//
//   absl::StatusOr<uds::Listener> listener = uds::Listener::Open(*address, {.mode = 0660});
//   if (!listener.ok()) return Fail(listener.status());
//   // ... when listener->fd() polls readable:
//   for (;;) {
//     absl::StatusOr<std::optional<uds::UniqueFd>> connection = listener->Accept();
//     if (!connection.ok()) { PollAgainAfter(uds::kAcceptPause); break; }
//     if (!connection->has_value()) break;
//     Serve(**std::move(connection));
//   }
//
// At the end: StopAccepting(), Accept() until it has nothing, Close(), finish the calls in flight,
// then Release() or destruction.
//
// Thread safety: none; one thread at a time. (The kernel would allow Accept() from several.)
// Ownership: move-only; owns the descriptor and, for a path, the claim (see uds/claim.h). A process
// that forks without exec shares both: there the child must not destroy it. Of a socket that was
// handed in it owns this process's descriptor alone: the socket goes on without it.

#ifndef UDS_LISTENER_H_
#define UDS_LISTENER_H_

#include <sys/socket.h>
#include <sys/types.h>

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "uds/address.h"
#include "uds/claim.h"
#include "uds/path_watch.h"
#include "uds/unique_fd.h"

namespace uds {

struct ListenerOptions {
  // Who may connect to a path, 0 to 0777, whatever the umask. Connecting takes write permission.
  // Abstract names have no permissions: check who connected (uds/peer_credentials.h).
  mode_t mode = 0600;
  // The path's group; unset: the kernel's choice.
  std::optional<gid_t> group = std::nullopt;
  // Connections that may wait to be accepted. The kernel lowers it to net.core.somaxconn. Clients
  // beyond it wait in connect(2), or get EAGAIN if they do not want to.
  int backlog = SOMAXCONN;
  // Which directories will do for a path, and whether to wait for the server before.
  ClaimOptions claim = {};
};

// How long to leave a listener alone that said ResourceExhausted: those who wait keep their place
// in the backlog. The practice of PostgreSQL (ServerLoop: 100 ms).
inline constexpr absl::Duration kAcceptPause = absl::Milliseconds(100);

class Listener {
 public:
  // Listens when it returns (and with ClaimOptions::take_over can be found after Publish()); a path's mode and group were right before. Errors are Claim's:
  // AlreadyExists (in use), FailedPrecondition (not a socket, unsafe path), NotFound (no such
  // directory), PermissionDenied, InvalidArgument (mode), Cancelled (while it waited). Nothing is
  // left behind then.
  static absl::StatusOr<Listener> Open(const Address& address, const ListenerOptions& options = {});

  // A socket that a service manager opened, and will keep (uds/activation.h). StopAccepting()
  // leaves those who wait to the process that is handed it next, and refuses nobody.
  static Listener Of(UniqueFd listening, Address address);

  // Non-blocking, for poll(2) and its like; -1 after Close(), and another after Restore(). After
  // StopAccepting() it stays readable for good: take it out of the poll set once Accept() has
  // nothing more.
  int fd() const { return fd_.get(); }

  // One connection, non-blocking and close-on-exec; nullopt when none is pending. ResourceExhausted
  // when descriptors or memory have run out: none is lost, see kAcceptPause. FailedPrecondition
  // after Close(). Whatever it says, the listener stays usable.
  absl::StatusOr<std::optional<UniqueFd>> Accept();

  // From now on connect(2) is refused, while connections that are pending can still be accepted. Of a
  // socket that was handed in, none is accepted any more.
  void StopAccepting();

  // Stops listening; connections that are still pending are reset. A path stays, and stays claimed, so that no
  // successor comes before this server is done.
  void Close();

  // OK; or how other users can replace the socket, where that was allowed (uds/claim.h).
  absl::Status path_trust() const {
    return claim_.has_value() ? claim_->path_trust() : absl::OkStatus();
  }

  // OK; or why there is no lock beside the path.
  absl::Status path_lock() const {
    return claim_.has_value() ? claim_->path_lock() : absl::OkStatus();
  }

  // Whether the path is taken over from another server (ClaimOptions::take_over): by Publish(), so that
  // all else that can fail comes before. rpc::Server calls it.
  bool takes_over() const { return claim_.has_value() && claim_->takes_over(); }

  // Has the path lead here, if it is taken over; otherwise it does already. After success watch_fd() is
  // new. AlreadyExists: somebody else took the path; and other errors, after which the other server
  // has it still.
  absl::Status Publish();

  // Whether clients that connect now come here; see Claim::CheckStillOurs(). Always OK for what
  // owns no path.
  absl::Status CheckStillOurs() const;

  // Readable when CheckStillOurs() may have another answer than before, until it is asked: somebody
  // may clean up /tmp. -1 when there is no path to watch, or nothing to watch it with.
  int watch_fd() const { return watch_.fd(); }

  // If not OK, watch_fd() misses changes, and why: ask CheckStillOurs() from time to time.
  const absl::Status& watch_gap() const { return watch_.gap(); }

  // Makes the path lead here again once CheckStillOurs() gave NotFound: see Claim::Restore(). After
  // success, fd() and watch_fd() are new: take both out of the poll set before. Unavailable while
  // has_earlier().
  absl::Status Restore();

  // Accept() has first what waits at the socket of before Restore(), of which fd() does not tell:
  // call it until this is false.
  bool has_earlier() const { return earlier_.valid(); }

  // Closes, removes the path if it is still ours, and lets successors in. The status says whether
  // the path was still ours. Destruction does the same.
  absl::Status Release();

  const Address& address() const { return address_; }

 private:
  // Without a claim it owns no path: an abstract name, or a socket that was handed in.
  Listener(UniqueFd fd, Address address, std::optional<Claim> claim, ListenerOptions options)
      : claim_(std::move(claim)),
        fd_(std::move(fd)),
        address_(std::move(address)),
        options_(std::move(options)) {
    if (claim_.has_value() && claim_->is_published()) watch_ = claim_->Watch();
  }

  // After Close(), what was fd_, if nobody waits there: bound still, which tells servers that cannot
  // see the claim's lock that the path is in use. Before claim_, so that it is closed after the path
  // is removed.
  UniqueFd bound_;
  std::optional<Claim> claim_;  // before fd_, so that the descriptor is closed first
  UniqueFd fd_;
  UniqueFd earlier_;  // the socket before Restore(), until nobody waits there any more
  Address address_;
  ListenerOptions options_;
  PathWatch watch_;
  bool handed_in_ = false;
  bool left_to_the_next_ = false;
  bool is_stopped_ = false;
  bool is_empty_ = false;  // nobody waits, and nobody will
};

}  // namespace uds

#endif  // UDS_LISTENER_H_
