// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The diagram of errors by code over the time of a run.
//
// Thread safety: a pure function.

#ifndef CLIENT_REPORT_ERRORS_OVER_TIME_H_
#define CLIENT_REPORT_ERRORS_OVER_TIME_H_

#include <string>

#include "client/report/diagrams.h"

namespace udsecho::client {

// HTML. One of the runs has errors, and HasCourse(runs.now).
std::string ErrorsOverTime(const Runs& runs);

}  // namespace udsecho::client

#endif  // CLIENT_REPORT_ERRORS_OVER_TIME_H_
