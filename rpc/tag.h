// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a completion queue hands back: the thing that waited for one operation.
//
// Every void* tag that rpc/ gives to gRPC is a Tag*. Operations are usually awaited (operation.h);
// a Tag by itself is for what happens outside of a coroutine.
//
// Thread safety: Complete() is called on the polling thread of the shard that owns the queue.
// Ownership: none is taken. A tag must outlive its operation; Complete() may delete it.

#ifndef RPC_TAG_H_
#define RPC_TAG_H_

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

// A Tag that calls a member function of its owner, for classes that wait for several things.
template <class Owner, void (Owner::*kMethod)(bool ok)>
class MemberTag final : public Tag {
 public:
  explicit MemberTag(Owner* owner) : owner_(owner) {}
  void Complete(bool ok) override { (owner_->*kMethod)(ok); }

 private:
  Owner* owner_;
};

}  // namespace rpc

#endif  // RPC_TAG_H_
