// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Something that a handler waits for, and a list of such, in which a call finds what to wake when it
// ends. For call.h and waits.h.
//
//   WaiterList waiting;
//   waiting.Add(&waiter);
//   while (Waiter* one = waiting.first()) one->Wake();   // each leaves the list by it
//
// Thread safety: none; on the loop's thread. Ownership: a list borrows its waiters, which leave it
// when they are destroyed, perhaps with their coroutine.

#ifndef RPC_CALL_WAITER_H_
#define RPC_CALL_WAITER_H_

namespace rpc {

class WaiterList;

class Waiter {
 public:
  Waiter() = default;
  // Only one that does not wait yet is moved.
  Waiter(Waiter&& /*other*/) noexcept {}
  Waiter& operator=(Waiter&&) = delete;

  // Resumes the handler if it can go on, which it can once the call has ended.
  virtual void Wake() = 0;

 protected:
  ~Waiter() { Leave(); }

  // In a list.
  bool is_waiting() const { return link_ != nullptr; }
  void Leave() {
    if (link_ == nullptr) return;
    *link_ = next_;
    if (next_ != nullptr) next_->link_ = link_;
    link_ = nullptr;
  }

 private:
  friend class WaiterList;

  Waiter** link_ = nullptr;  // what points here
  Waiter* next_ = nullptr;
};

class WaiterList {
 public:
  WaiterList() = default;
  WaiterList(const WaiterList&) = delete;
  WaiterList& operator=(const WaiterList&) = delete;

  Waiter* first() const { return first_; }
  void Add(Waiter* waiter) {
    waiter->next_ = first_;
    waiter->link_ = &first_;
    if (first_ != nullptr) first_->link_ = &waiter->next_;
    first_ = waiter;
  }

 private:
  Waiter* first_ = nullptr;
};

}  // namespace rpc

#endif  // RPC_CALL_WAITER_H_
