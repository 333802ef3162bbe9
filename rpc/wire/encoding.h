// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Compressed messages (gRPC's compression.md): gzip and deflate, by zlib, within a limit.
//
//   wire::Inflation inflation(wire::Encoding::kGzip, message, max_bytes, &account);
//   while (inflation.Step() == wire::Inflation::Progress::kMore) ...let others have their turn...
//   if (inflation.status().ok()) Parse(inflation.bytes());
//
// A few KiB can inflate to a thousand times as many. So inflation goes in steps of bounded work,
// and the result is measured while it grows.
//
// Thread safety: none. Ownership: an inflation borrows the message and owns what comes out.

#ifndef RPC_WIRE_ENCODING_H_
#define RPC_WIRE_ENCODING_H_

#include <zlib.h>

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "http2/account.h"

namespace rpc::wire {

enum class Encoding { kIdentity, kDeflate, kGzip };

// The name in grpc-encoding.
absl::string_view NameOf(Encoding encoding);
// Nullopt for an unknown name.
std::optional<Encoding> EncodingOf(absl::string_view name);
// The value of the grpc-accept-encoding that is sent.
inline constexpr char kAcceptedEncodings[] = "identity,deflate,gzip";
// Whether `accepted`, the value of a grpc-accept-encoding, has the encoding among them.
bool IsAmong(absl::string_view accepted, Encoding encoding);

class Inflation {
 public:
  // The most that comes out in a step, in bytes: some 0.3 ms of work.
  static constexpr std::size_t kStepBytes = 128 * 1024;

  // `encoding` is not kIdentity.
  Inflation(Encoding encoding, absl::string_view message, std::size_t max_bytes,
            http2::Account* account);
  ~Inflation();
  Inflation(const Inflation&) = delete;
  Inflation& operator=(const Inflation&) = delete;

  enum class Progress { kMore, kDone };
  Progress Step();

  // Valid once done. RESOURCE_EXHAUSTED: the message is longer than the limit, or than the account
  // may hold. INTERNAL: the bytes are not compressed in this way.
  const absl::Status& status() const { return status_; }
  absl::string_view bytes() const { return {bytes_, size_}; }

 private:
  // What zlib allocates for itself (zlib.h, windowBits: 32 KiB and some).
  static constexpr std::int64_t kStreamBytes = 48 * 1024;

  Progress Fail(absl::Status status);
  bool Grow();
  void Drop();

  const Encoding encoding_;
  const std::size_t max_bytes_;
  http2::Account* const account_;
  z_stream stream_{};
  bool ready_ = false;
  // By malloc(3), as realloc(3) can make a long block longer without a copy.
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  absl::Status status_;
};

// Compresses `bytes`; the result may be longer.
std::string Deflate(Encoding encoding, absl::string_view bytes);

}  // namespace rpc::wire

#endif  // RPC_WIRE_ENCODING_H_
