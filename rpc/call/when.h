// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Several waits at the same time: for the first of them to be over, or for all.
//
//   // A message, a change, or half a minute of silence: which came first?
//   const auto first = co_await rpc::WhenAny(call.Read(&request), call.Wait(changed_, seen),
//                                            call.Sleep(absl::Seconds(30)));
//   if (call.ended()) co_return;
//   switch (first.index()) {
//     case 0: std::get<0>(first) ...                          // what Read() gave: false at the end
//
//   // Reads and writes at the same time, and goes on when both are done.
//   co_await rpc::WhenAll(ReadAll(call), WriteAll(call));     // two tasks
//   const auto [count, text] = co_await rpc::WhenAll(Count(call), call.RunOn(pool_, read));
//
// Each takes any number of waits and tasks, also WhenAny and WhenAll. They are begun in their order.
//
// WhenAny gives a std::variant: which one was over, and its result. The others are given up: waits
// wait no more (a message stays for the next Read(), a function that runs on a pool goes on and its
// result is destroyed), and tasks are destroyed where they wait. Once one is over, those after it are
// not even begun: put first what matters more, and a Write() nowhere but first.
//
// WhenAll gives a std::tuple of the results. The result of a Task is a std::monostate.
//
// A call that ends ends its waits, and so these: look at call.ended() then, not at which was first.
//
// Thread safety: none; on the call's thread. Ownership: they have the waits and tasks that they are
// given.

#ifndef RPC_CALL_WHEN_H_
#define RPC_CALL_WHEN_H_

#include <array>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "rpc/call/task.h"

namespace rpc {

// Waits at the same time, each in a task of its own, until so many of them are over.
template <class... Waits>
class [[nodiscard]] Together {
  template <class Wait>
  static decltype(auto) AwaiterOf(Wait&& wait) {
    if constexpr (requires { std::forward<Wait>(wait).operator co_await(); }) {
      return std::forward<Wait>(wait).operator co_await();
    } else {
      return std::forward<Wait>(wait);
    }
  }
  template <class Wait>
  using AwaitedOf = std::remove_cvref_t<decltype(AwaiterOf(std::declval<Wait>()).await_resume())>;

 public:
  template <class Wait>
  using ResultOf =
      std::conditional_t<std::is_void_v<AwaitedOf<Wait>>, std::monostate, AwaitedOf<Wait>>;

  explicit Together(std::size_t needed, Waits... waits)
      : needed_(needed), waits_(std::move(waits)...) {}

  bool await_ready() const { return needed_ == 0; }
  bool await_suspend(std::coroutine_handle<> handler) {
    Begin(std::index_sequence_for<Waits...>());
    if (needed_ == 0) return false;
    handler_ = handler;
    return true;
  }

 protected:
  // Those that are not over are given up.
  void End() { tasks_ = {}; }

  std::tuple<std::optional<ResultOf<Waits>>...>& results() { return results_; }
  // The index of the one that was over last.
  std::size_t last() const { return last_; }

 private:
  struct Branch final : TaskOwner {
    void TaskEnded() override { together->Ended(index); }
    Together* together = nullptr;
    std::size_t index = 0;
  };

  template <class Wait>
  static Task Run(Wait wait, std::optional<ResultOf<Wait>>* result) {
    if constexpr (std::is_void_v<AwaitedOf<Wait>>) {
      co_await std::move(wait);
      result->emplace();
    } else {
      AwaitedOf<Wait> value = co_await std::move(wait);
      result->emplace(std::move(value));
    }
  }

  template <std::size_t... kIndex>
  void Begin(std::index_sequence<kIndex...> /*indices*/) {
    (BeginOne<kIndex>(), ...);
  }
  template <std::size_t kIndex>
  void BeginOne() {
    if (needed_ == 0) return;
    branches_[kIndex].together = this;
    branches_[kIndex].index = kIndex;
    tasks_[kIndex] = Run(std::move(std::get<kIndex>(waits_)), &std::get<kIndex>(results_));
    tasks_[kIndex].Start(&branches_[kIndex]);
  }

  void Ended(std::size_t index) {
    last_ = index;
    if (--needed_ == 0 && handler_) handler_.resume();  // which may destroy this
  }

  std::size_t needed_;
  std::size_t last_ = 0;
  std::coroutine_handle<> handler_;
  std::tuple<Waits...> waits_;  // until they are begun
  std::tuple<std::optional<ResultOf<Waits>>...> results_;
  std::array<Branch, sizeof...(Waits)> branches_;
  std::array<Task, sizeof...(Waits)> tasks_;
};

template <class... Waits>
class [[nodiscard]] Any final : public Together<Waits...> {
 public:
  using Result = std::variant<typename Together<Waits...>::template ResultOf<Waits>...>;

  explicit Any(Waits... waits) : Together<Waits...>(1, std::move(waits)...) {}

  Result await_resume() {
    Result result = Take<0>();
    this->End();
    return result;
  }

 private:
  template <std::size_t kIndex>
  Result Take() {
    if constexpr (kIndex + 1 < sizeof...(Waits)) {
      if (this->last() != kIndex) return Take<kIndex + 1>();
    }
    return Result(std::in_place_index<kIndex>, *std::move(std::get<kIndex>(this->results())));
  }
};

template <class... Waits>
class [[nodiscard]] All final : public Together<Waits...> {
 public:
  using Result = std::tuple<typename Together<Waits...>::template ResultOf<Waits>...>;

  explicit All(Waits... waits) : Together<Waits...>(sizeof...(Waits), std::move(waits)...) {}

  Result await_resume() {
    Result result =
        std::apply([](auto&... each) { return Result(*std::move(each)...); }, this->results());
    this->End();
    return result;
  }
};

template <class... Waits>
Any<Waits...> WhenAny(Waits... waits) {
  return Any<Waits...>(std::move(waits)...);
}

template <class... Waits>
All<Waits...> WhenAll(Waits... waits) {
  return All<Waits...>(std::move(waits)...);
}

}  // namespace rpc

#endif  // RPC_CALL_WHEN_H_
