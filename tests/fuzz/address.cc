// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// uds/address.h and uds/printable.h, of any text.

#include "uds/address.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/fuzz/printable.h"
#include "uds/printable.h"

namespace udsecho::fuzz {
namespace {

// What Printable() escaped.
std::string Unescaped(absl::string_view shown) {
  std::string text;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] != '\\') {
      text += shown[i];
      continue;
    }
    EXPECT_EQ(shown[i + 1], 'x');
    text += static_cast<char>(std::stoi(std::string(shown.substr(i + 2, 2)), nullptr, 16));
    i += 3;
  }
  return text;
}

void CheckPrintable(absl::string_view text) {
  const std::string shown = uds::Printable(text);
  EXPECT_TRUE(IsPrintableLine(shown)) << shown;
  EXPECT_LE(shown.size(), 4 * text.size());
  EXPECT_EQ(Unescaped(shown), text);
}

void CheckAddress(absl::string_view text) {
  const absl::StatusOr<uds::Address> address = uds::Address::Parse(text);
  if (!address.ok()) {
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument);
    const absl::string_view message = address.status().message();
    EXPECT_TRUE(IsPrintableLine(message)) << message;
    return;
  }
  const std::string& name = address->name();
  EXPECT_FALSE(name.empty());
  EXPECT_LE(name.size(), uds::Address::kMaxLength);
  EXPECT_EQ(name.find('\0'), std::string::npos);
  EXPECT_LE(name.size(), text.size());
  EXPECT_LE(address->socket_address_length(), sizeof(sockaddr_un));
  const std::size_t begin = offsetof(sockaddr_un, sun_path) + (address->is_abstract() ? 1 : 0);
  EXPECT_EQ(
      std::string(reinterpret_cast<const char*>(address->socket_address()) + begin, name.size()),
      name);
  EXPECT_EQ(address->socket_address_length(), offsetof(sockaddr_un, sun_path) + 1 + name.size());

  // What is printed can be typed again, unless it was escaped.
  if (uds::Printable(name) != name) return;
  const absl::StatusOr<uds::Address> again = uds::Address::Parse(address->ToString());
  EXPECT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->name(), name);
  EXPECT_EQ(again->is_abstract(), address->is_abstract());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  CheckPrintable(text);
  CheckAddress(text);
  return 0;
}

}  // namespace udsecho::fuzz
