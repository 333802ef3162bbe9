// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/command_line/values.h"

#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cli/duration.h"
#include "cli/size.h"
#include "cli/utf8.h"
#include "client/exit_code.h"
#include "grpc/grpc.h"
#include "grpc/slice.h"

namespace udsecho::client {
namespace {

constexpr absl::string_view kBinary = "-bin";
constexpr absl::string_view kNotPrintable =
    "has characters that HTTP/2 does not take: use printable ASCII";

absl::Status Bad(absl::string_view flag, absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": '", text, "' ", why));
}

// What is asked of a slice, asked of a view.
template <class Question>
bool Ask(Question question, absl::string_view text) {
  return question(grpc_slice_from_static_buffer(text.data(), text.size())) != 0;
}

std::string TimeRange(absl::Duration least, absl::Duration most) {
  const std::string from =
      least > absl::ZeroDuration() ? "must be greater than zero" : "must not be less than zero";
  if (most == absl::InfiniteDuration()) return absl::StrCat(from, ", such as 5s or 500ms");
  return absl::StrCat(from, ", and ", absl::FormatDuration(most), " at most");
}

}  // namespace

absl::StatusOr<Shape> ParseShape(absl::string_view text) {
  if (text == "unary") return Shape::kUnary;
  if (text == "expand") return Shape::kExpand;
  if (text == "collect") return Shape::kCollect;
  if (text == "chat") return Shape::kChat;
  return Bad("--shape", text, "is no shape; use unary, expand, collect or chat");
}

absl::StatusOr<Compression> ParseCompression(absl::string_view text) {
  if (text == "gzip") return Compression::kGzip;
  if (text == "deflate") return Compression::kDeflate;
  if (text == "none") return Compression::kNone;
  return Bad("--compression", text, "is not known; use gzip, deflate or none");
}

absl::StatusOr<Csv> ParseCsv(absl::string_view text) {
  if (text == "summary") return Csv::kSummary;
  if (text == "points") return Csv::kPoints;
  return Bad("--csv", text, "is not known; use summary or points");
}

absl::StatusOr<FaultOptions> ParseFault(absl::string_view text) {
  FaultOptions fault;
  const size_t colon = text.find(':');
  fault.code = FindCode(text.substr(0, colon));
  if (fault.code == 0) {
    return Bad("--fault", text,
               "does not begin with a code of gRPC: a name such as UNAVAILABLE, or 1 to 16");
  }
  if (colon != absl::string_view::npos) fault.message = std::string(text.substr(colon + 1));
  if (cli::FindInvalidUtf8(fault.message) != absl::string_view::npos) {
    return Bad("--fault", text, "is not UTF-8");
  }
  return fault;
}

absl::StatusOr<Header> ParseHeader(absl::string_view text) {
  const size_t colon = text.find(':', 1);
  if (colon == absl::string_view::npos) {
    return absl::InvalidArgumentError("has no colon; write KEY:VALUE");
  }
  const std::string key = absl::AsciiStrToLower(text.substr(0, colon));
  const absl::string_view value = absl::StripLeadingAsciiWhitespace(text.substr(colon + 1));

  if (!Ask(grpc_header_key_is_legal, key)) {
    return absl::InvalidArgumentError(
        "has a key that HTTP/2 does not take: use a-z, 0-9, '-', '_' and '.'");
  }
  if (absl::StartsWith(key, "grpc-")) {
    return absl::InvalidArgumentError(
        "has a key that begins with 'grpc-', which gRPC keeps for itself");
  }
  if (key == "user-agent" || key == "te" || key == "content-type") {
    return absl::InvalidArgumentError("has a key of which gRPC writes the value");
  }
  if (!absl::EndsWith(key, kBinary)) {
    if (!Ask(grpc_header_nonbin_value_is_legal, value)) {
      return absl::InvalidArgumentError(kNotPrintable);
    }
    return Header(key, std::string(value));
  }
  std::string bytes;
  if (!absl::Base64Unescape(value, &bytes) && !absl::WebSafeBase64Unescape(value, &bytes)) {
    return absl::InvalidArgumentError(
        "has a key that ends with '-bin', and a value that is not base64");
  }
  return Header(key, bytes);
}

absl::StatusOr<Header> ParseMetadata(absl::string_view text) {
  absl::StatusOr<Header> header = ParseHeader(text);
  return header.ok() ? std::move(header) : Bad("--metadata", text, header.status().message());
}

absl::Status CheckHeader(absl::string_view flag, absl::string_view text) {
  if (Ask(grpc_header_nonbin_value_is_legal, text)) return absl::OkStatus();
  return Bad(flag, text, kNotPrintable);
}

absl::StatusOr<int64_t> ParseSize(absl::string_view flag, absl::string_view text, int64_t most) {
  absl::StatusOr<int64_t> size = cli::ParseSize(flag, text);
  if (!size.ok() || *size <= most) return size;
  return Bad(flag, text, absl::StrCat("is too much; use ", cli::FormatSize(most), " at the most"));
}

absl::StatusOr<Rate> ParseRate(absl::string_view text) {
  constexpr double kMost = 10'000'000;
  const auto refuse = [&](absl::string_view why) { return Bad("--rate", text, why); };
  const auto is_rate = [](absl::string_view number, double* rate) {
    return absl::SimpleAtod(number, rate) && *rate > 0 && *rate <= kMost;
  };
  constexpr absl::string_view kNoRate = "is no number of calls a second above 0, up to 10000000";
  Rate rate;
  const size_t dots = text.find("..");
  if (dots == absl::string_view::npos) {
    if (!is_rate(text, &rate.to)) return refuse(kNoRate);
    return rate;
  }
  const size_t slash = text.find('/');
  if (slash == absl::string_view::npos || slash < dots) {
    return refuse("does not say for how long: write 100..1000/30s, for example");
  }
  rate.from.emplace();
  if (!is_rate(text.substr(0, dots), &*rate.from) ||
      !is_rate(text.substr(dots + 2, slash - dots - 2), &rate.to)) {
    return refuse("has on a side of '..' what " + std::string(kNoRate));
  }
  absl::StatusOr<absl::Duration> over =
      ParseTime("--rate", text.substr(slash + 1), absl::Milliseconds(1), absl::Hours(24 * 365));
  if (!over.ok()) return over.status();
  rate.over = *over;
  return rate;
}

absl::StatusOr<absl::Duration> ParseTime(absl::string_view flag, absl::string_view text,
                                         absl::Duration least, absl::Duration most) {
  absl::StatusOr<absl::Duration> time = cli::ParseDuration(flag, text);
  if (!time.ok() || (*time >= least && *time <= most)) return time;
  return Bad(flag, text, TimeRange(least, most));
}

}  // namespace udsecho::client
