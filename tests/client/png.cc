// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/client/png.h"

#include <zlib.h>

#include <cstdlib>

#include "absl/strings/match.h"

namespace udsecho::client {
namespace {

size_t NumberAt(const std::string& bytes, size_t at) {
  size_t number = 0;
  for (size_t i = at; i < at + 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

// The predictor of PNG's filter 4.
int Paeth(int left, int above, int corner) {
  const int guess = left + above - corner;
  const int by_left = std::abs(guess - left);
  const int by_above = std::abs(guess - above);
  const int by_corner = std::abs(guess - corner);
  if (by_left <= by_above && by_left <= by_corner) return left;
  return by_above <= by_corner ? above : corner;
}

// Of one row: undoes its filter, given the row above.
bool Unfilter(int filter, size_t channels, const unsigned char* above, unsigned char* row,
              size_t size) {
  for (size_t i = 0; i < size; ++i) {
    const int left = i < channels ? 0 : row[i - channels];
    const int corner = i < channels ? 0 : above[i - channels];
    const int guesses[] = {0, left, above[i], (left + above[i]) / 2, Paeth(left, above[i], corner)};
    if (filter < 0 || filter > 4) return false;
    row[i] = static_cast<unsigned char>(row[i] + guesses[filter]);
  }
  return true;
}

}  // namespace

std::optional<Picture> ReadPng(const std::string& bytes) {
  constexpr size_t kHeader = 8;  // of the file, and length and name of a chunk
  if (!absl::StartsWith(bytes, "\x89PNG") || bytes.size() < 33) return std::nullopt;
  Picture picture{.width = NumberAt(bytes, 16), .height = NumberAt(bytes, 20), .pixels = {}};
  const size_t channels = bytes[25] == 6 ? 4 : bytes[25] == 2 ? 3 : 0;
  if (bytes[24] != 8 || channels == 0 || bytes[28] != 0) return std::nullopt;
  std::string packed;
  for (size_t at = kHeader; at + 12 <= bytes.size();) {
    const size_t length = NumberAt(bytes, at);
    if (bytes.substr(at + 4, 4) == "IDAT") packed += bytes.substr(at + kHeader, length);
    at += length + 12;
  }
  const size_t row = picture.width * channels;
  std::vector<unsigned char> raw(picture.height * (row + 1));
  uLongf size = raw.size();
  if (uncompress(raw.data(), &size, reinterpret_cast<const unsigned char*>(packed.data()),
                 packed.size()) != Z_OK ||
      size != raw.size()) {
    return std::nullopt;
  }
  const std::vector<unsigned char> nothing(row);
  for (size_t y = 0; y < picture.height; ++y) {
    unsigned char* const begin = raw.data() + y * (row + 1);
    const unsigned char* const above = y == 0 ? nothing.data() : begin - row;
    if (!Unfilter(begin[0], channels, above, begin + 1, row)) return std::nullopt;
    for (size_t i = 1; i < row + 1; i += channels) {
      picture.pixels.push_back(
          static_cast<uint32_t>(begin[i] << 16 | begin[i + 1] << 8 | begin[i + 2]));
    }
  }
  return picture;
}

}  // namespace udsecho::client
