// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Keeps 0, 1 and 2 what they are meant to be.
//
//   int main(int argc, char** argv) {
//     uds::OccupyStandardDescriptors();
//
// A program may be started with some of them closed (`program 2>&-`). The kernel then gives these
// numbers to the first sockets that it opens, and what it tells standard error goes to a peer.
//
// Thread safety: call it first in main, before anything is opened.

#ifndef UDS_STANDARD_DESCRIPTORS_H_
#define UDS_STANDARD_DESCRIPTORS_H_

namespace uds {

// Puts /dev/null where one was closed when the program started, the wrong way round: reading
// standard input, or writing the others, fails with EBADF as it would have. That includes a number
// which a library has used before main (gRPC 1.51 leaves an eventfd behind, from finding out
// whether there are any): what came through exec(2) never has FD_CLOEXEC, so what has it was opened
// since. Where there is no /dev/null, something that fails in the same way.
void OccupyStandardDescriptors();

}  // namespace uds

#endif  // UDS_STANDARD_DESCRIPTORS_H_
