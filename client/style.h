// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Colour, where there is somebody to see it.
//
//   const Style style = Style::For(STDOUT_FILENO);
//   Print(style.Bold("uid"));
//
// Thread safety: a value.

#ifndef CLIENT_STYLE_H_
#define CLIENT_STYLE_H_

#include <string>

namespace udsecho::client {

class Style {
 public:
  // Plain.
  Style() = default;

  // Colours if `fd` is a terminal that has them ($TERM is not "dumb") and nobody asked for none
  // ($NO_COLOR is not set, or empty: no-color.org).
  static Style For(int fd);

  std::string Bold(const std::string& text) const { return In("1", text); }
  std::string Green(const std::string& text) const { return In("32", text); }
  std::string Red(const std::string& text) const { return In("31", text); }

 private:
  explicit Style(bool colours) : colours_(colours) {}
  std::string In(const char* code, const std::string& text) const {
    return colours_ ? std::string("\x1b[") + code + "m" + text + "\x1b[0m" : text;
  }

  bool colours_ = false;
};

}  // namespace udsecho::client

#endif  // CLIENT_STYLE_H_
