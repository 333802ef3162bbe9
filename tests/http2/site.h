// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// An application that answers plain HTTP/2 by the request's path:
//
//   /hello           "hello", once the request has ended
//   /trailers        "hello" and a trailer
//   /empty           no body, only a header
//   /echo            the request's body as it comes, then its end
//   /echo/trailers   likewise, and a trailer
//   /bytes/N         N bytes, as there is room for them
//   /blob/N          N bytes, at once
//   /early           403, at once
//   /hold            takes nothing of the request's body and never answers (Site::exchange())
//   /busy/N          "done", after N calls of Run() that take a millisecond of the fake clock each
//   /end             ends the connection
//
// A header that is too long is answered with 431.
//
// Thread safety: none. Ownership: borrows the clock, and outlives the connections.

#ifndef TESTS_HTTP2_SITE_H_
#define TESTS_HTTP2_SITE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http2/connection.h"
#include "http2/fake_clock.h"

namespace http2 {

class Site;

class Page final : public Exchange {
 public:
  Page(Site* site, Stream* stream, FakeClock* clock);
  ~Page() override;

  void Received(absl::string_view bytes) override;
  bool Run() override;
  void AddTrailers(std::vector<Field>* trailers) override;

  Stream& stream() { return stream_; }
  const std::string& path() const { return path_; }
  const std::string& received() const { return received_; }
  int runs() const { return runs_; }

  // Begins /busy/ before the request has ended.
  void Start();

  // Sends these bytes.
  void Write(absl::string_view bytes);

 private:
  void Answer(absl::string_view status, absl::string_view body);
  bool Work();
  void Echo();
  void SendBytes();

  Site& site_;
  Stream& stream_;
  FakeClock& clock_;
  const std::string path_;
  int number_ = 0;  // behind the path's last slash
  std::string received_;
  int runs_ = 0;
  bool started_ = false;
};

class Site final : public Application {
 public:
  explicit Site(FakeClock* clock) : clock_(*clock) {}

  std::unique_ptr<Exchange> Begin(Stream& stream) override;
  bool Spoke(Connection& connection) override;
  void Ended(Connection& connection, Ending how) override;

  // The last one that began with this path; null if there is none.
  Page* page(const std::string& path) const;
  // All that there are, in the order in which they began.
  const std::vector<Page*>& Pages() const { return pages_; }

  // What happened, in this order: the paths of requests that began.
  std::vector<std::string> begun;
  std::vector<std::string> done;  // and of exchanges that were destroyed
  int spoke = 0;
  bool welcome = true;  // what Spoke() says
  // Exchanges that are destroyed ask for Run() once more, as what works for them may.
  bool wakes_at_the_end = false;
  std::map<const Connection*, Ending> endings;

 private:
  friend class Page;

  FakeClock& clock_;
  std::vector<Page*> pages_;
};

}  // namespace http2

#endif  // TESTS_HTTP2_SITE_H_
