// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// tests/systemd/run as a test: the units of examples/systemd and examples/tokens in a real systemd.

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/integration/programs.h"
#include "tests/support/spawned_process.h"

namespace udsecho::integration {
namespace {

constexpr int kCannotBeTried = 77;

TEST(SystemdTest, TheUnitsDoWhatTheirCommentsSay) {
  const support::Finished run =
      support::RunToEnd({"/bin/sh", "tests/systemd/run", ServerCommand({}).front(),
                         ClientCommand({}).front(), std::getenv("TOKENS_AGENT")});
  if (run.exit_code == kCannotBeTried) GTEST_SKIP() << run.err;
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
}

}  // namespace
}  // namespace udsecho::integration
