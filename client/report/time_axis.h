// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The axis of diagrams over the time of a run, or of two.
//
//   const TimeAxis time(runs);
//   time.Title(&diagram);
//   line.places.emplace_back(Place{time.PlaceOf(point), ...});
//
// Thread safety: a value.

#ifndef CLIENT_REPORT_TIME_AXIS_H_
#define CLIENT_REPORT_TIME_AXIS_H_

#include <algorithm>
#include <cstddef>

#include "client/report/diagram.h"
#include "client/report/diagrams.h"
#include "client/report/record.h"
#include "client/report/scale.h"

namespace udsecho::client {

inline constexpr size_t kFewPoints = 3;  // fewer are no course over time

inline bool HasCourse(const Record& run) { return run.points.size() >= kFewPoints; }

// Time, in a unit that keeps numbers short.
class TimeAxis {
 public:
  explicit TimeAxis(const Runs& runs) {
    double seconds = runs.now.duration_s;
    if (runs.before != nullptr) seconds = std::max(seconds, runs.before->duration_s);
    if (seconds > 3 * 3600) {
      unit_ = 3600;
      title_ = "hours";
    } else if (seconds > 300) {
      unit_ = 60;
      title_ = "minutes";
    }
    scale_ = Scale::LinearUpTo(seconds / unit_);
  }
  double Place(double seconds) const { return scale_.Place(seconds / unit_); }
  double PlaceOf(const RecordPoint& point) const { return Place(point.from + point.seconds / 2); }
  void Title(Diagram* diagram) const {
    diagram->x_title = title_;
    diagram->x_ticks = scale_.ticks();
  }

 private:
  double unit_ = 1;
  const char* title_ = "seconds";
  Scale scale_ = Scale::LinearUpTo(1);
};

}  // namespace udsecho::client

#endif  // CLIENT_REPORT_TIME_AXIS_H_
