// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Lines and bars in a frame with axes, as SVG with a legend. Colours are the page's, by class.
//
//   Diagram diagram{.label = "Latency", .x_title = "seconds", .y_title = "milliseconds"};
//   diagram.lines.push_back({.style = "c0", .name = "p50", .places = {{0, 0}, {1, 1}}});
//   std::string figure = diagram.Figure();
//
// A figure has its drawing twice, for a wide page and for a phone, of which the page shows one: scaled
// down, labels could not be read.
//
// Thread safety: pure functions.

#ifndef CLIENT_REPORT_DIAGRAM_H_
#define CLIENT_REPORT_DIAGRAM_H_

#include <optional>
#include <string>
#include <vector>

#include "client/report/scale.h"

namespace udsecho::client {

// From 0 (left, bottom) to 1 (right, top).
struct Place {
  double x = 0;
  double y = 0;
};

struct Line {
  std::string style;  // classes: a colour, "c0" to "c5" or "target", and a dash, "d1" or "d2"
  std::string name;   // in the legend
  std::vector<std::optional<Place>> places{};  // unset: the line is broken there
  bool has_area = false;                       // filled below
};

struct Bar {
  double left = 0;
  double right = 0;
  double bottom = 0;
  double top = 0;
};

struct Bars {
  std::string style;
  std::string name;
  std::vector<Bar> bars{};
};

struct Diagram {
  std::string label;  // for those who hear the page
  std::string x_title{};
  std::string y_title;
  std::vector<Tick> x_ticks{};
  std::vector<Tick> y_ticks{};
  std::vector<Bars> bars{};
  std::vector<Line> lines{};  // above the bars

  // The legend only if there are two names or more.
  std::string Figure() const;

 private:
  std::string Svg(const char* style, double width, double height) const;
  std::string Legend() const;
};

// For text within HTML and SVG.
std::string Escaped(const std::string& text);

}  // namespace udsecho::client

#endif  // CLIENT_REPORT_DIAGRAM_H_
