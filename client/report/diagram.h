// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A line in a frame with axes, as SVG. Colours are the page's, by class.
//
//   Diagram diagram({.title = "Latency", .x_ticks = {{0, "0"}}, .y_ticks = {{0, "0"}}});
//   std::string svg = diagram.Svg({{0, 0}, {1, 1}});
//
// Thread safety: pure functions.

#ifndef CLIENT_REPORT_DIAGRAM_H_
#define CLIENT_REPORT_DIAGRAM_H_

#include <string>
#include <vector>

namespace udsecho::client {

// From 0 (left, bottom) to 1 (right, top).
struct Place {
  double x = 0;
  double y = 0;
};

struct Tick {
  double at = 0;
  std::string text;
};

struct Diagram {
  std::string label;  // for those who hear the page
  std::string x_title;
  std::string y_title;
  std::vector<Tick> x_ticks;
  std::vector<Tick> y_ticks;

  // With the area below it filled.
  std::string Svg(const std::vector<Place>& line) const;
};

// Round numbers from 0 to what `most` needs, about `about` of them; the last is the scale's end.
std::vector<double> RoundSteps(double most, int about);

// For text within HTML and SVG.
std::string Escaped(const std::string& text);

}  // namespace udsecho::client

#endif  // CLIENT_REPORT_DIAGRAM_H_
