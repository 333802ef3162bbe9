// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/report/diagram.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace udsecho::client {
namespace {

// In the SVG's own units, which are CSS pixels in a figure that is as wide.
constexpr double kTop = 32;
constexpr double kRight = 24;
constexpr double kBottom = 46;
constexpr double kFont = 12;
constexpr double kCharacter = 7;  // wide, at the most, in digits of that font

double WidthOf(const std::string& text) { return kCharacter * static_cast<double>(text.size()); }

std::string Rule(double x1, double y1, double x2, double y2, const char* style) {
  return absl::StrFormat("<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
                         style, x1, y1, x2, y2);
}

std::string Text(double x, double y, const char* anchor, const std::string& text) {
  return absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor,
                         Escaped(text));
}

// The ticks whose labels have room, where each of them takes so much of the axis.
template <class Room>
std::vector<Tick> Fitting(const std::vector<Tick>& ticks, double length, Room room) {
  std::vector<Tick> kept;
  for (const Tick& tick : ticks) {
    const bool fits = std::all_of(kept.begin(), kept.end(), [&](const Tick& other) {
      return std::abs(tick.at - other.at) * length >= (room(tick) + room(other)) / 2;
    });
    if (fits) kept.push_back(tick);
  }
  return kept;
}

// Where things are, in a drawing of one size.
class Frame {
 public:
  Frame(double width, double height, const std::vector<Tick>& y_ticks)
      : width_(width), height_(height) {
    for (const Tick& tick : y_ticks) left_ = std::max(left_, WidthOf(tick.text) + 16);
  }
  double X(double x) const { return left_ + x * length(); }
  double Y(double y) const { return height_ - kBottom - y * height(); }
  double length() const { return width_ - left_ - kRight; }
  double height() const { return height_ - kTop - kBottom; }

  std::string YAxis(const std::vector<Tick>& ticks) const {
    std::string svg;
    for (const Tick& tick : Fitting(ticks, height(), [](const Tick&) { return kFont * 1.5; })) {
      absl::StrAppend(&svg, Rule(X(0), Y(tick.at), X(1), Y(tick.at), "grid"),
                      Text(X(0) - 8, Y(tick.at) + 4, "end", tick.text));
    }
    return svg;
  }
  std::string XAxis(const std::vector<Tick>& ticks) const {
    std::string svg;
    const auto room = [](const Tick& tick) { return WidthOf(tick.text) + 10; };
    for (const Tick& tick : Fitting(ticks, length(), room)) {
      const double half = WidthOf(tick.text) / 2;
      absl::StrAppend(&svg, Rule(X(tick.at), Y(0), X(tick.at), Y(0) + 5, "axis"),
                      Text(std::min(X(tick.at), width_ - half), Y(0) + 20, "middle", tick.text));
    }
    return svg;
  }

  std::string Draw(const Bars& bars) const {
    std::string path;
    for (const Bar& bar : bars.bars) {
      absl::StrAppendFormat(&path, "M%.1f %.1fH%.1fV%.1fH%.1fZ", X(bar.left), Y(bar.bottom),
                            X(bar.right), Y(bar.top), X(bar.left));
    }
    if (path.empty()) return "";
    return absl::StrFormat("<path class=\"bar %s\" d=\"%s\"/>\n", bars.style, path);
  }

  std::string Draw(const Line& line) const {
    std::string svg;
    std::vector<Place> piece;
    for (const std::optional<Place>& place : line.places) {
      if (place.has_value()) {
        piece.push_back(*place);
      } else {
        absl::StrAppend(&svg, DrawPiece(line, piece));
        piece.clear();
      }
    }
    return absl::StrCat(svg, DrawPiece(line, piece));
  }

 private:
  std::string DrawPiece(const Line& line, const std::vector<Place>& places) const {
    if (places.empty()) return "";
    std::string points;
    for (const Place& place : places) {
      absl::StrAppendFormat(&points, "%.1f,%.1f ", X(place.x), Y(std::clamp(place.y, 0.0, 1.0)));
    }
    // One alone would not be seen.
    if (places.size() == 1) {
      return absl::StrFormat("<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"2\"/>\n",
                             line.style, X(places[0].x), Y(std::clamp(places[0].y, 0.0, 1.0)));
    }
    std::string svg;
    if (line.has_area) {
      svg =
          absl::StrFormat("<polygon class=\"area %s\" points=\"%.1f,%.1f %s%.1f,%.1f\"/>\n",
                          line.style, X(places.front().x), Y(0), points, X(places.back().x), Y(0));
    }
    absl::StrAppend(&svg, "<polyline class=\"line ", line.style, "\" points=\"", points, "\"/>\n");
    return svg;
  }

  const double width_;
  const double height_;
  double left_ = 30;
};

}  // namespace

std::string Diagram::Svg(const char* style, double width, double height) const {
  const Frame frame(width, height, y_ticks);
  std::string svg =
      absl::StrFormat("<svg class=\"%s\" viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"%s\">\n",
                      style, width, height, Escaped(label));
  absl::StrAppend(&svg, frame.YAxis(y_ticks), frame.XAxis(x_ticks));
  for (const Bars& each : bars) absl::StrAppend(&svg, frame.Draw(each));
  for (const Line& each : lines) absl::StrAppend(&svg, frame.Draw(each));
  absl::StrAppend(&svg, Rule(frame.X(0), frame.Y(0), frame.X(1), frame.Y(0), "axis"),
                  Text(frame.X(0.5), height - 8, "middle", x_title), Text(8, 16, "start", y_title));
  return absl::StrCat(svg, "</svg>\n");
}

std::string Diagram::Legend() const {
  if (lines.size() + bars.size() < 2) return "";
  constexpr char kItem[] =
      "<li><svg class=\"key\" viewBox=\"0 0 28 12\" aria-hidden=\"true\">%s</svg>%s</li>\n";
  std::string items;
  for (const Bars& each : bars) {
    absl::StrAppendFormat(
        &items, kItem, absl::StrCat("<path class=\"bar ", each.style, R"(" d="M8 0H20V12H8Z"/>)"),
        Escaped(each.name));
  }
  for (const Line& each : lines) {
    absl::StrAppendFormat(
        &items, kItem,
        absl::StrCat("<polyline class=\"line ", each.style, R"(" points="0,6 28,6"/>)"),
        Escaped(each.name));
  }
  return absl::StrCat("<ul class=\"legend\">\n", items, "</ul>\n");
}

std::string Diagram::Figure() const {
  return absl::StrCat("<figure>\n", Legend(), Svg("wide", 776, 300), Svg("narrow", 330, 250),
                      "</figure>\n");
}

std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

}  // namespace udsecho::client
