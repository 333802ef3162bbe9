// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What one uid holds of a server's memory, and its turn on a thread.
//
//   http2::MemoryBudget budget(64 << 20);                    // one per server
//   http2::MemoryBudget::Holder uid;                         // one per uid
//   http2::Account account(&budget, &uid);                   // one per uid and thread
//   if (!account.Hold(bytes)) return Refuse();
//   ...
//   account.Release(bytes);
//
// A uid's share depends on what is left free once it has what it asks for. It may hold
//
//   as much as is left                  for requests: a uid that is alone gets 1/2 of the budget
//   three times as much                 with the responses to them: 3/4
//   seven times as much                 with what the protocol needs to refuse it properly: 7/8
//
// So there is always some left for one more uid: the next one gets the same part of the rest. What
// a uid gives back is there for the others at once.
//
// The bound is exact, with several threads too: each account leases pieces of the budget under a
// lock, and counts within its lease without one.
//
// Thread safety: MemoryBudget, any thread; an Account belongs to one.
// Ownership: an account borrows the budget and the holder, and gives its lease back at its end.

#ifndef HTTP2_ACCOUNT_H_
#define HTTP2_ACCOUNT_H_

#include <algorithm>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "http2/clock.h"
#include "http2/mutex.h"

namespace http2 {

// What memory is wanted for. The value: how many times what is left free the uid may hold (above).
enum class Need : std::int64_t { kRequest = 1, kResponse = 3, kProtocol = 7 };

class MemoryBudget {
 public:
  struct Holder {
    std::int64_t bytes = 0;  // the budget guards it
  };

  explicit MemoryBudget(std::int64_t bytes) : bytes_(bytes), free_(bytes) {}

  bool Lease(Holder* holder, std::int64_t bytes, Need need) {
    const MutexLock lock(&mutex_);
    if (holder->bytes + bytes > static_cast<std::int64_t>(need) * (free_ - bytes)) return false;
    holder->bytes += bytes;
    free_ -= bytes;
    return true;
  }

  // Like Lease(), but never refused.
  void Take(Holder* holder, std::int64_t bytes) {
    const MutexLock lock(&mutex_);
    holder->bytes += bytes;
    free_ -= bytes;
  }

  void Return(Holder* holder, std::int64_t bytes) {
    const MutexLock lock(&mutex_);
    holder->bytes -= bytes;
    free_ += bytes;
  }

  // How much a holder may have in all at the moment, for requests: for an error's text.
  std::int64_t Share(const Holder& holder) const {
    const MutexLock lock(&mutex_);
    return (free_ + holder.bytes) / 2;
  }

  // What all hold, in the pieces that they lease.
  std::int64_t held() const {
    const MutexLock lock(&mutex_);
    return bytes_ - free_;
  }

 private:
  const std::int64_t bytes_;
  mutable Mutex mutex_;
  std::int64_t free_ ABSL_GUARDED_BY(mutex_);
};

class Account {
 public:
  // Leases are asked for and given back in pieces of this many bytes, so that most calls need none.
  static constexpr std::int64_t kPiece = 32 * 1024;

  Account(MemoryBudget* budget, MemoryBudget::Holder* holder) : budget_(budget), holder_(holder) {}
  ~Account() { budget_->Return(holder_, leased_); }
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;

  // False if that is more than the uid may have: then nothing is held.
  [[nodiscard]] bool Hold(std::int64_t bytes, Need need = Need::kResponse) {
    if (held_ + bytes > leased_ && !LeaseMore(held_ + bytes - leased_, need)) return false;
    held_ += bytes;
    return true;
  }

  // Never refused: for what was released a moment ago and is needed again.
  void HoldAgain(std::int64_t bytes) {
    if (held_ + bytes > leased_) {
      budget_->Take(holder_, held_ + bytes - leased_);
      leased_ = held_ + bytes;
    }
    held_ += bytes;
  }

  void Release(std::int64_t bytes) {
    held_ -= bytes;
    if (beyond_ > 0) GiveBackBeyond();
    // With nothing held all goes back: an account without connections keeps nothing from others.
    const std::int64_t kept = held_ > 0 ? kPiece : 0;
    if (leased_ - held_ > 4 * kept) {
      const std::int64_t excess = leased_ - held_ - kept;
      budget_->Return(holder_, excess);
      leased_ -= excess;
    }
  }

  std::int64_t held() const { return held_; }
  std::int64_t share() const { return budget_->Share(*holder_); }

  // --- Turns: how much of its thread's time the uid has used in the current round of the loop. ---

  void Used(std::uint64_t round, Nanoseconds time) {
    if (round_ != round) used_ = 0;
    round_ = round;
    used_ += time;
  }
  Nanoseconds UsedIn(std::uint64_t round) const { return round_ == round ? used_ : 0; }

 private:
  bool LeaseMore(std::int64_t missing, Need need) {
    for (const std::int64_t bytes : {std::max(missing, kPiece), missing}) {
      if (!budget_->Lease(holder_, bytes, Need::kRequest)) continue;
      leased_ += bytes;
      return true;
    }
    if (need == Need::kRequest || !budget_->Lease(holder_, missing, need)) return false;
    leased_ += missing;
    beyond_ += missing;
    return true;
  }

  // Returns what was leased beyond the share for requests as soon as it is not held any more:
  // otherwise a request could be held in it.
  void GiveBackBeyond() {
    const std::int64_t bytes = std::min(beyond_, leased_ - held_);
    budget_->Return(holder_, bytes);
    leased_ -= bytes;
    beyond_ -= bytes;
  }

  MemoryBudget* const budget_;
  MemoryBudget::Holder* const holder_;
  std::int64_t held_ = 0;
  std::int64_t leased_ = 0;
  std::int64_t beyond_ = 0;  // the part of leased_ that is beyond the share for requests
  std::uint64_t round_ = 0;
  Nanoseconds used_ = 0;
};

}  // namespace http2

#endif  // HTTP2_ACCOUNT_H_
