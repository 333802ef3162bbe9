// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A client that means well, calls without a pause, and counts what comes back: over a connection
// that lasts, a stream that lasts, and new connections, as a uid of its own.
//
//   HonestClient honest(kHonest, path);
//   ...attack...
//   honest.AwaitAnswers(100);              // that many more
//   honest.ExpectNothingLost();            // every call was answered, and rightly
//
// A call is lost when it fails, whatever the status, or has no answer after support::kPatience.
//
// Thread safety: all methods, from one thread besides its own. Ownership: owns a thread.

#ifndef TESTS_SECURITY_HONEST_CLIENT_H_
#define TESTS_SECURITY_HONEST_CLIENT_H_

#include <grpcpp/grpcpp.h>
#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "tests/integration/calls.h"

namespace udsecho::security {

// A channel over a new connection of that uid. Null when it cannot connect.
std::shared_ptr<grpc::Channel> ChannelAs(uid_t uid, const std::string& path);

class HonestClient {
 public:
  HonestClient(uid_t uid, std::string path);
  ~HonestClient() { Stop(); }
  HonestClient(const HonestClient&) = delete;
  HonestClient& operator=(const HonestClient&) = delete;

  // Waits for so many more answers, or a loss.
  void AwaitAnswers(int more);
  int answers() const;
  // Nothing was lost so far.
  bool is_well() const;

  void Stop();

  // Stops, and fails the test if there was a loss, or no answer at all.
  void ExpectNothingLost();

  // For people.
  std::string Summary() const;

 private:
  class Session;

  void Run();
  void Lost(const std::string& how);

  const uid_t uid_;
  const std::string path_;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  int answers_ = 0;
  std::string loss_;  // the first
  std::chrono::steady_clock::duration longest_{};
  std::thread thread_;
};

}  // namespace udsecho::security

#endif  // TESTS_SECURITY_HONEST_CLIENT_H_
