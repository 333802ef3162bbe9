// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a completion queue hands back: the thing that waited for one operation.
//
// A Tag* is what rpc/ gives to gRPC's C++ API for a tag, and core() of a CoreTag to its C API.
// Operations are usually awaited (operation.h); a Tag by itself is for what happens outside of a
// coroutine.
//
// Thread safety: Complete() is called on the polling thread of the shard that owns the queue.
// Ownership: none is taken. A tag must outlive its operation; Complete() may delete it.

#ifndef RPC_TAG_H_
#define RPC_TAG_H_

#include "grpcpp/impl/codegen/completion_queue_tag.h"

namespace rpc {

class Tag {
 public:
  Tag() = default;
  Tag(const Tag&) = delete;
  Tag& operator=(const Tag&) = delete;

  // `ok` is what the completion queue says of the operation; its meaning is the operation's.
  virtual void Complete(bool ok) = 0;

 protected:
  ~Tag() = default;
};

// For an operation of the C API on a queue that grpc::CompletionQueue polls: that takes every tag
// for one of its own, and asks it what to hand back.
class CoreTag : public Tag, private grpc::internal::CompletionQueueTag {
 public:
  void* core() { return static_cast<grpc::internal::CompletionQueueTag*>(this); }

 protected:
  ~CoreTag() override = default;

 private:
  bool FinalizeResult(void** tag, bool* /*ok*/) final {
    *tag = static_cast<Tag*>(this);
    return true;
  }
};

// A Tag that calls a member function of its owner, for classes that wait for several things.
template <class Owner, void (Owner::*kMethod)(bool ok), class Base = Tag>
class MemberTag final : public Base {
 public:
  explicit MemberTag(Owner* owner) : owner_(owner) {}
  void Complete(bool ok) override { (owner_->*kMethod)(ok); }

 private:
  Owner* owner_;
};

}  // namespace rpc

#endif  // RPC_TAG_H_
