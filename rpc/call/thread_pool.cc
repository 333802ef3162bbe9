// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/call/thread_pool.h"

#include <pthread.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/start_thread.h"

namespace rpc {

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  work_came_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

absl::Status ThreadPool::MayWait(uid_t uid) const {
  if (waiting_ >= options_.max_waiting) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the server has ", waiting_,
                     " calls that wait for a thread, which is its limit; retry later"));
  }
  const auto queue = queues_.find(uid);
  if (queue != queues_.end() && queue->second.size() >= options_.max_waiting_per_uid) {
    return absl::ResourceExhaustedError(
        absl::StrCat("uid ", uid, " has ", queue->second.size(),
                     " calls that wait for a thread, which is the limit for one uid; retry later"));
  }
  return absl::OkStatus();
}

absl::Status ThreadPool::NeedThread() {
  if (idle_ >= waiting_ || threads_.size() >= options_.threads) return absl::OkStatus();
  std::thread thread;
  absl::Status started = StartThread([this] { Serve(); }, &thread);
  if (started.ok()) {
    threads_.push_back(std::move(thread));
  } else if (!threads_.empty()) {
    return absl::OkStatus();  // those that there are will do it
  }
  return started;
}

absl::StatusOr<ThreadPool::Ticket> ThreadPool::Add(uid_t uid, Work work) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (absl::Status may = MayWait(uid); !may.ok()) return may;
  const Ticket ticket{.uid = uid, .number = ++last_number_};
  queues_[uid].emplace(ticket.number, std::move(work));
  ++waiting_;
  if (absl::Status thread = NeedThread(); !thread.ok()) {
    TakeNext();  // this one: without a thread there is no other
    return thread;
  }
  work_came_.notify_one();
  return ticket;
}

bool ThreadPool::Remove(const Ticket& ticket) {
  Work removed;  // destroyed without the lock
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto queue = queues_.find(ticket.uid);
  if (queue == queues_.end()) return false;
  auto node = queue->second.extract(ticket.number);
  if (node.empty()) return false;
  removed = std::move(node.mapped());
  if (queue->second.empty()) queues_.erase(queue);
  --waiting_;
  return true;
}

ThreadPool::Work ThreadPool::TakeNext() {
  auto queue = queues_.upper_bound(last_uid_);
  if (queue == queues_.end()) queue = queues_.begin();
  last_uid_ = queue->first;
  const auto first = queue->second.begin();
  Work work = std::move(first->second);
  queue->second.erase(first);
  if (queue->second.empty()) queues_.erase(queue);
  --waiting_;
  return work;
}

bool ThreadPool::RunNext() {
  Work work;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (waiting_ == 0) return false;
    work = TakeNext();
  }
  work();
  return true;
}

std::size_t ThreadPool::waiting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return waiting_;
}

void ThreadPool::Serve() {
  pthread_setname_np(pthread_self(), "rpc-pool");  // for `top -H`, gdb and the like
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      ++idle_;
      work_came_.wait(lock, [this] { return ending_ || waiting_ > 0; });
      --idle_;
      if (ending_) return;
    }
    RunNext();  // or another thread was faster
  }
}

}  // namespace rpc
