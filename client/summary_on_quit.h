// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// While it lives, Ctrl-\ writes a line of statistics, as ping(8) does.
//
//   const SummaryOnQuit on_quit(&interrupt, &statistics, STDERR_FILENO);
//
// Thread safety: none. Ownership: borrows all it is given.

#ifndef CLIENT_SUMMARY_ON_QUIT_H_
#define CLIENT_SUMMARY_ON_QUIT_H_

#include "client/interrupt.h"
#include "client/output.h"
#include "client/statistics.h"

namespace udsecho::client {

class SummaryOnQuit {
 public:
  SummaryOnQuit(Interrupt* interrupt, const Statistics* statistics, int err)
      : on_quit_(interrupt, [statistics, err] {
          Output output(err);
          // Errors of writing are ignored: there is nowhere to report them.
          output.AddLine(statistics->Line()).IgnoreError();
          output.Flush().IgnoreError();
        }) {}

 private:
  const Interrupt::OnQuit on_quit_;
};

}  // namespace udsecho::client

#endif  // CLIENT_SUMMARY_ON_QUIT_H_
