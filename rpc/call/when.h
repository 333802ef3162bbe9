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
// Waits of one type, as many as there are, come in a std::vector:
//
//   std::vector<rpc::TaskOf<absl::StatusOr<BackReply>>> asked;
//   for (Back::Stub* back : backs_) asked.push_back(Ask(call, back));
//   const auto replies = co_await rpc::WhenAll(std::move(asked));   // a std::vector, in their order
//
//   const auto first = co_await rpc::WhenAny(std::move(asked));     // first.index, first.result
//
// WhenAny of an empty vector ends the program as a mistake. WhenAll of one does not wait.
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
#include <vector>

#include "rpc/call/task.h"
#include "rpc/check.h"

namespace rpc {

template <class Wait>
decltype(auto) AwaiterOf(Wait&& wait) {
  if constexpr (requires { std::forward<Wait>(wait).operator co_await(); }) {
    return std::forward<Wait>(wait).operator co_await();
  } else {
    return std::forward<Wait>(wait);
  }
}
template <class Wait>
using AwaitedOf = std::remove_cvref_t<decltype(AwaiterOf(std::declval<Wait>()).await_resume())>;
// What a wait gives.
template <class Wait>
using ResultOf =
    std::conditional_t<std::is_void_v<AwaitedOf<Wait>>, std::monostate, AwaitedOf<Wait>>;

// Waits at the same time, each in a task of its own, until so many of them are over.
class [[nodiscard]] Gathering {
 public:
  bool await_ready() const { return needed_ == 0; }

 protected:
  struct Branch final : TaskOwner {
    void TaskEnded() override { gathering->Ended(index); }
    Gathering* gathering = nullptr;
    std::size_t index = 0;
    Task task;
  };

  explicit Gathering(std::size_t needed) : needed_(needed) {}

  bool is_over() const { return needed_ == 0; }
  // The index of the one that was over last.
  std::size_t last() const { return last_; }

  template <class Wait>
  void Begin(std::size_t index, Wait wait, Branch* branch, std::optional<ResultOf<Wait>>* result) {
    branch->gathering = this;
    branch->index = index;
    branch->task = Run(std::move(wait), result);
    branch->task.Start(branch);
  }
  // Once those that are needed have begun. False: they are over already.
  bool Suspend(std::coroutine_handle<> handler) {
    if (is_over()) return false;
    handler_ = handler;
    return true;
  }

 private:
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

  void Ended(std::size_t index) {
    last_ = index;
    if (--needed_ == 0 && handler_) handler_.resume();  // which may destroy this
  }

  std::size_t needed_;
  std::size_t last_ = 0;
  std::coroutine_handle<> handler_;
};

// Waits of several types.
template <class... Waits>
class [[nodiscard]] Together : public Gathering {
 public:
  explicit Together(std::size_t needed, Waits... waits)
      : Gathering(needed), waits_(std::move(waits)...) {}

  bool await_suspend(std::coroutine_handle<> handler) {
    BeginAll(std::index_sequence_for<Waits...>());
    return Suspend(handler);
  }

 protected:
  // Those that are not over are given up.
  void End() { branches_ = {}; }

  std::tuple<std::optional<ResultOf<Waits>>...>& results() { return results_; }

 private:
  template <std::size_t... kIndex>
  void BeginAll(std::index_sequence<kIndex...> /*indices*/) {
    (BeginOne<kIndex>(), ...);
  }
  template <std::size_t kIndex>
  void BeginOne() {
    if (is_over()) return;
    Begin(kIndex, std::move(std::get<kIndex>(waits_)), &branches_[kIndex],
          &std::get<kIndex>(results_));
  }

  std::tuple<Waits...> waits_;  // until they are begun
  std::tuple<std::optional<ResultOf<Waits>>...> results_;
  std::array<Branch, sizeof...(Waits)> branches_;
};

template <class... Waits>
class [[nodiscard]] Any final : public Together<Waits...> {
 public:
  using Result = std::variant<ResultOf<Waits>...>;

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
  using Result = std::tuple<ResultOf<Waits>...>;

  explicit All(Waits... waits) : Together<Waits...>(sizeof...(Waits), std::move(waits)...) {}

  Result await_resume() {
    Result result =
        std::apply([](auto&... each) { return Result(*std::move(each)...); }, this->results());
    this->End();
    return result;
  }
};

// Waits of one type.
template <class Wait>
class [[nodiscard]] TogetherInVector : public Gathering {
 public:
  TogetherInVector(std::size_t needed, std::vector<Wait>&& waits)
      : Gathering(needed), waits_(std::move(waits)) {}

  bool await_suspend(std::coroutine_handle<> handler) {
    branches_ = std::vector<Branch>(waits_.size());
    results_ = std::vector<std::optional<ResultOf<Wait>>>(waits_.size());
    for (std::size_t i = 0; i < waits_.size() && !is_over(); ++i) {
      Begin(i, std::move(waits_[i]), &branches_[i], &results_[i]);
    }
    return Suspend(handler);
  }

 protected:
  void End() { branches_.clear(); }

  std::vector<std::optional<ResultOf<Wait>>>& results() { return results_; }

 private:
  std::vector<Wait> waits_;
  std::vector<std::optional<ResultOf<Wait>>> results_;
  std::vector<Branch> branches_;
};

template <class Wait>
class [[nodiscard]] AnyInVector final : public TogetherInVector<Wait> {
 public:
  struct Result {
    std::size_t index;
    ResultOf<Wait> result;
  };

  explicit AnyInVector(std::vector<Wait> waits) : TogetherInVector<Wait>(1, std::move(waits)) {}

  Result await_resume() {
    Result first{this->last(), *std::move(this->results()[this->last()])};
    this->End();
    return first;
  }
};

template <class Wait>
class [[nodiscard]] AllInVector final : public TogetherInVector<Wait> {
 public:
  using Result = std::vector<ResultOf<Wait>>;

  explicit AllInVector(std::vector<Wait> waits)
      : TogetherInVector<Wait>(waits.size(), std::move(waits)) {}

  Result await_resume() {
    Result results;
    results.reserve(this->results().size());
    for (auto& each : this->results()) results.push_back(*std::move(each));
    this->End();
    return results;
  }
};

template <class... Waits>
Any<Waits...> WhenAny(Waits... waits) {
  return Any<Waits...>(std::move(waits)...);
}
template <class Wait>
AnyInVector<Wait> WhenAny(std::vector<Wait> waits) {
  RPC_CHECK(!waits.empty(), "WhenAny of no waits would never be over");
  return AnyInVector<Wait>(std::move(waits));
}

template <class... Waits>
All<Waits...> WhenAll(Waits... waits) {
  return All<Waits...>(std::move(waits)...);
}
template <class Wait>
AllInVector<Wait> WhenAll(std::vector<Wait> waits) {
  return AllInVector<Wait>(std::move(waits));
}

}  // namespace rpc

#endif  // RPC_CALL_WHEN_H_
