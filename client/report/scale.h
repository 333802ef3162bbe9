// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// An axis: where a value lies on it, and which values have a label.
//
//   const Scale scale = Scale::Linear(1234);
//   scale.Place(617);   // 0.411: the scale ends at 1500
//   scale.ticks();      // 0, 500, 1,000, 1,500
//
// Thread safety: values.

#ifndef CLIENT_REPORT_SCALE_H_
#define CLIENT_REPORT_SCALE_H_

#include <string>
#include <vector>

namespace udsecho::client {

// From 0 (left, bottom) to 1 (right, top). Where labels would overlap, the first ones are kept.
struct Tick {
  double at = 0;
  std::string text;
};

class Scale {
 public:
  // From 0 to a round number that is `most` or more.
  static Scale Linear(double most);
  // From 0 to `most` itself.
  static Scale LinearUpTo(double most);
  // From a round number to a round number; both are above zero.
  static Scale Logarithmic(double least, double most);
  // Percent: each nine is as wide as the one before it, up to what so many values can tell.
  static Scale Nines(double count);

  double Place(double value) const;  // 0 to 1, also of what lies outside
  double ValueAt(double place) const;
  const std::vector<Tick>& ticks() const { return ticks_; }

 private:
  enum class Kind { kLinear, kLogarithmic, kNines };
  Scale(Kind kind, double least, double most) : kind_(kind), least_(least), most_(most) {}
  void AddTick(double value);
  double Raw(double value) const;

  Kind kind_;
  double least_;
  double most_;
  std::vector<Tick> ticks_;
};

// "12,345", "512", "0.05": short.
std::string AxisNumber(double number);

}  // namespace udsecho::client

#endif  // CLIENT_REPORT_SCALE_H_
