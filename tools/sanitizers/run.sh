#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors
#
# Runs a program with the sanitizers' options and suppressions, and so whatever it starts itself:
# .bazelrc's --run_under of --config=asan, ubsan and tsan.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [[ -d "$0.runfiles" ]]; then  # under `bazel run`, where this is a link in bazel-bin
  here=$(cd "$0.runfiles/udsecho/tools/sanitizers" && pwd)
fi
export LSAN_OPTIONS="suppressions=$here/lsan.supp:print_suppressions=0:${LSAN_OPTIONS-}"

# gRPC and abseil lock with absl::Mutex, which keeps its state in atomics inside a library that is not
# instrumented: ThreadSanitizer sees their threads and no lock between them. So what such libraries
# do through libc (malloc, memcpy, close ...) is not looked at; what our own code does is. For the same
# reason our own code locks with std::mutex: absl::Mutex would look like no lock at all.
tsan="ignore_noninstrumented_modules=1:suppressions=$here/tsan.supp:print_suppressions=0"
export TSAN_OPTIONS="$tsan:second_deadlock_stack=1:${TSAN_OPTIONS-}"

export UBSAN_OPTIONS="suppressions=$here/ubsan.supp:print_stacktrace=1:halt_on_error=1:${UBSAN_OPTIONS-}"
exec "$@"
