// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What one uid holds of a server's memory, and its turn on a thread.
//
//   http2::MemoryBudget budget(64 << 20);                    // one a server
//   http2::MemoryBudget::Holder uid;                         // one a uid
//   http2::Account account(&budget, &uid);                   // one a uid and thread
//   if (!account.Hold(bytes)) return Refuse();
//   ...
//   account.Release(bytes);
//
// A uid may hold so many times what is left free, after what it asks for: once for requests, three
// times with the responses to them, seven times with what the protocol itself needs for a refusal
// to be told. So no number of uids takes all: the requests of one alone get half, those of the next
// half of what is then left, and so on; what a uid has given back is there for the others at once.
//
// The bound is exact, with several threads too: each account leases from the budget, under a lock,
// and counts within its lease, without one.
//
// Thread safety: MemoryBudget, any thread; an Account belongs to one.
// Ownership: an account borrows the budget and the holder, and gives its lease back at its end.

#ifndef HTTP2_ACCOUNT_H_
#define HTTP2_ACCOUNT_H_

#include <algorithm>
#include <cstdint>
#include <mutex>

#include "http2/clock.h"

namespace http2 {

// What memory is wanted for: see above. The value is how many times what is left free.
enum class Need : std::int64_t { kRequest = 1, kResponse = 3, kProtocol = 7 };

class MemoryBudget {
 public:
  struct Holder {
    std::int64_t bytes = 0;  // the budget guards it
  };

  explicit MemoryBudget(std::int64_t bytes) : free_(bytes) {}

  bool Lease(Holder* holder, std::int64_t bytes, Need need) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (holder->bytes + bytes > static_cast<std::int64_t>(need) * (free_ - bytes)) return false;
    holder->bytes += bytes;
    free_ -= bytes;
    return true;
  }

  // Whatever is left free.
  void Take(Holder* holder, std::int64_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    holder->bytes += bytes;
    free_ -= bytes;
  }

  void Return(Holder* holder, std::int64_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    holder->bytes -= bytes;
    free_ += bytes;
  }

  // How much a holder may have in all at the moment, for requests. For people.
  std::int64_t Share(const Holder& holder) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return (free_ + holder.bytes) / 2;
  }

 private:
  mutable std::mutex mutex_;
  std::int64_t free_;  // guarded by mutex_
};

class Account {
 public:
  // Leases are asked for and given back in pieces of this many bytes, so that most calls need none.
  static constexpr std::int64_t kPiece = 32 * 1024;

  Account(MemoryBudget* budget, MemoryBudget::Holder* holder) : budget_(budget), holder_(holder) {}
  ~Account() { budget_->Return(holder_, leased_); }
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;

  // False, and nothing is held, if that is more than the uid may have.
  [[nodiscard]] bool Hold(std::int64_t bytes, Need need = Need::kResponse) {
    if (held_ + bytes > leased_ && !LeaseMore(held_ + bytes - leased_, need)) return false;
    held_ += bytes;
    return true;
  }

  // Of what was released a moment ago, and is needed again.
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
    // All of it at the end: an account without connections must not keep anything from others.
    const std::int64_t kept = held_ > 0 ? kPiece : 0;
    if (leased_ - held_ > 4 * kept) {
      const std::int64_t excess = leased_ - held_ - kept;
      budget_->Return(holder_, excess);
      leased_ -= excess;
    }
  }

  std::int64_t held() const { return held_; }
  std::int64_t share() const { return budget_->Share(*holder_); }

  // --- Turns: what the uid has used of its thread in the current round of the loop. ---

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

  // What is not held any more of what requests may not lease: they must not find it.
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
  std::int64_t beyond_ = 0;  // of leased_: what messages may not have
  std::uint64_t round_ = 0;
  Nanoseconds used_ = 0;
};

}  // namespace http2

#endif  // HTTP2_ACCOUNT_H_
