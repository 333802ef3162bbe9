// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/report/diagram.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace udsecho::client {
namespace {

// In the SVG's own units; the page scales it.
constexpr double kWidth = 760;
constexpr double kHeight = 300;
constexpr double kLeft = 76;
constexpr double kRight = 20;
constexpr double kTop = 30;
constexpr double kBottom = 48;

double X(double x) { return kLeft + x * (kWidth - kLeft - kRight); }
double Y(double y) { return kHeight - kBottom - y * (kHeight - kTop - kBottom); }

std::string Line(double x1, double y1, double x2, double y2, const char* style) {
  return absl::StrFormat("<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
                         style, x1, y1, x2, y2);
}

std::string Text(double x, double y, const char* anchor, const std::string& text) {
  return absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor,
                         Escaped(text));
}

std::string Points(const std::vector<Place>& line) {
  std::string points;
  for (const Place& place : line) {
    absl::StrAppendFormat(&points, "%.1f,%.1f ", X(place.x), Y(std::clamp(place.y, 0.0, 1.0)));
  }
  return points;
}

}  // namespace

std::string Diagram::Svg(const std::vector<Place>& line) const {
  std::string svg = absl::StrFormat("<svg viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"%s\">\n",
                                    kWidth, kHeight, Escaped(label));
  for (const Tick& tick : y_ticks) {
    absl::StrAppend(&svg, Line(kLeft, Y(tick.at), kWidth - kRight, Y(tick.at), "grid"),
                    Text(kLeft - 8, Y(tick.at) + 4, "end", tick.text));
  }
  for (const Tick& tick : x_ticks) {
    absl::StrAppend(&svg, Line(X(tick.at), Y(0), X(tick.at), Y(0) + 5, "axis"),
                    Text(X(tick.at), Y(0) + 20, "middle", tick.text));
  }
  if (!line.empty()) {
    absl::StrAppendFormat(&svg,
                          R"(<polygon class="area" points="%.1f,%.1f %s%.1f,%.1f"/>)"
                          "\n",
                          X(line.front().x), Y(0), Points(line), X(line.back().x), Y(0));
    absl::StrAppend(&svg, R"(<polyline class="line" points=")", Points(line), "\"/>\n");
  }
  absl::StrAppend(&svg, Line(kLeft, Y(0), kWidth - kRight, Y(0), "axis"),
                  Text(X(0.5), kHeight - 8, "middle", x_title), Text(8, 16, "start", y_title));
  return absl::StrCat(svg, "</svg>\n");
}

std::vector<double> RoundSteps(double most, int about) {
  if (!(most > 0)) most = 1;
  const double rough = most / about;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = power;
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    step = factor * power;
    if (step >= rough) break;
  }
  std::vector<double> steps;
  const int count = static_cast<int>(std::ceil(most / step - 1e-9));
  for (int i = 0; i <= count; ++i) steps.push_back(i * step);
  return steps;
}

std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

}  // namespace udsecho::client
