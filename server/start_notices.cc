// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/start_notices.h"

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "server/limit_flags.h"
#include "server/log.h"
#include "uds/peer_credentials.h"

namespace udsecho {

void StartNotices::LookAt(const uds::Listener& listener, bool is_activated) {
  is_activated_ = is_activated;
  takes_over_ = listener.takes_over();
  path_trust_ = listener.path_trust();
  path_lock_ = listener.path_lock();
  path_watch_gap_ = listener.watch_gap();
}

void StartNotices::Tell() const {
  if (!path_trust_.ok()) events_.DirectoryShared(path_trust_);
  if (!path_lock_.ok()) events_.PathUnlocked(path_lock_);
  if (takes_over_) events_.PathTakenOver(options_.address.ToString());
  WarnIfOthersAreShutOut();
  TellWhatIsMissing();
}

// Permission to call is no use without permission to connect.
void StartNotices::WarnIfOthersAreShutOut() const {
  if (is_activated_ || options_.address.is_abstract()) return;
  const bool is_for_group = options_.listener.group.has_value();
  if (options_.allow.empty() && !is_for_group) return;
  const mode_t needed = is_for_group ? S_IWGRP : S_IWGRP | S_IWOTH;
  if ((options_.listener.mode & needed) == 0) events_.OthersShutOut(options_.listener.mode);
}

void StartNotices::TellWhatIsMissing() const {
  if (!path_watch_gap_.ok()) {
    const bool out_of_inotify = absl::IsResourceExhausted(path_watch_gap_);
    events_.NotAvailable(
        out_of_inotify ? LogLevel::kWarn : LogLevel::kInfo,
        out_of_inotify ? "inotify" : "path_watch",
        absl::StrCat("the server checks every 2 seconds whether its socket is in place, as it is "
                     "not told of all changes: ",
                     path_watch_gap_.message()));
  }
  if (!uds::KernelTellsPeerGroups()) {
    events_.NotAvailable(
        LogLevel::kWarn, "peer_groups",
        "the kernel does not tell the supplementary groups of callers (SO_PEERGROUPS): --allow "
        "knows their primary group alone");
  }
  for (const Shortage& shortage : CompareWithSystem(options_.server.limits)) {
    events_.NotAvailable(shortage.fits ? LogLevel::kInfo : LogLevel::kWarn, shortage.what,
                         shortage.message);
  }
}

}  // namespace udsecho
