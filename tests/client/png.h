// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A picture that a browser took: a PNG of 8 bits a channel, RGB or RGBA, without interlacing.
//
//   const std::optional<Picture> picture = ReadPng(bytes);
//   picture->At(10, 20);   // 0xRRGGBB
//
// Thread safety: values.

#ifndef TESTS_CLIENT_PNG_H_
#define TESTS_CLIENT_PNG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace udsecho::client {

struct Picture {
  size_t width = 0;
  size_t height = 0;
  std::vector<uint32_t> pixels;

  uint32_t At(size_t x, size_t y) const { return pixels[y * width + x]; }
};

// Unset for anything else.
std::optional<Picture> ReadPng(const std::string& bytes);

}  // namespace udsecho::client

#endif  // TESTS_CLIENT_PNG_H_
