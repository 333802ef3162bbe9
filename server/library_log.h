// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Sends libprotobuf's messages to the daemon's log. By default they go straight to standard error,
// where they would break the format, hold up the handlers' thread when nothing reads them, and let
// a client that sends malformed messages fill the disk.
//
//   Log log(options);
//   const LibraryLog library_log(&log);    // before the server starts
//
// The library takes a plain function without an argument of ours, so the log has to be found
// through a variable of the process: the only one of its kind, private to library_log.cc. Hence one
// LibraryLog at a time; a second aborts.
//
// At most 20 such lines a second are written; the next one is preceded by a count of the others.
//
// Thread safety: the library may speak on any thread. Make and destroy it where no other thread
// is in libprotobuf (its handler is a plain variable): in main, outside of the server's life.
// Ownership: borrows the log.

#ifndef SERVER_LIBRARY_LOG_H_
#define SERVER_LIBRARY_LOG_H_

#include "server/log.h"

namespace udsecho {

class LibraryLog {
 public:
  explicit LibraryLog(Log* log);

  // What the library says from now on goes to standard error, as without this class.
  ~LibraryLog();

  LibraryLog(const LibraryLog&) = delete;
  LibraryLog& operator=(const LibraryLog&) = delete;
};

}  // namespace udsecho

#endif  // SERVER_LIBRARY_LOG_H_
