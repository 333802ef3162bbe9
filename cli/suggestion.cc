// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/suggestion.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace udsecho::cli {
namespace {

constexpr size_t kMost = 3;       // words in one sentence
constexpr size_t kLongest = 64;   // letters of what is worth a comparison
constexpr size_t kNotNear = 100;  // letters away

std::string Letters(absl::string_view word) {
  std::string letters;
  for (const char c : word.substr(std::min(word.find_first_not_of('-'), word.size()))) {
    letters += c == '-' ? '_' : absl::ascii_tolower(static_cast<unsigned char>(c));
  }
  return letters;
}

// Levenshtein's distance, in which two letters that changed places are one step.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<size_t>> steps(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        steps[i][j] = i + j;
        continue;
      }
      const size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      steps[i][j] =
          std::min({steps[i - 1][j] + 1, steps[i][j - 1] + 1, steps[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        steps[i][j] = std::min(steps[i][j], steps[i - 2][j - 2] + 1);
      }
    }
  }
  return steps[a.size()][b.size()];
}

size_t Farness(absl::string_view typed, absl::string_view word) {
  const size_t distance = Distance(typed, word);
  if (distance <= std::min<size_t>(3, (typed.size() + 1) / 3)) return distance;
  if (absl::StartsWith(word, typed)) return 3;
  constexpr size_t kTelling = 4;  // letters
  return typed.size() >= kTelling && absl::StrContains(word, typed) ? 4 : kNotNear;
}

}  // namespace

std::vector<size_t> Nearest(absl::string_view typed, const std::vector<std::string>& words) {
  const std::string letters = Letters(typed);
  if (letters.empty() || letters.size() > kLongest) return {};
  std::vector<std::pair<size_t, size_t>> near;  // how far, and which: as near ones stay in order
  for (size_t i = 0; i < words.size(); ++i) {
    const size_t farness = Farness(letters, Letters(words[i]));
    if (farness < kNotNear) near.emplace_back(farness, i);
  }
  std::sort(near.begin(), near.end());
  std::vector<size_t> places;
  for (const auto& [farness, place] : near) {
    if (places.size() == kMost || farness > near.front().first + 1) break;
    places.push_back(place);
  }
  return places;
}

std::string DidYouMean(const std::vector<std::string>& words) {
  if (words.empty()) return "";
  std::string sentence = "; did you mean ";
  for (size_t i = 0; i < words.size(); ++i) {
    absl::StrAppend(&sentence, i == 0 ? "" : " or ", words[i]);
  }
  return absl::StrCat(sentence, "?");
}

std::string DidYouMean(absl::string_view typed, const std::vector<std::string>& words) {
  std::vector<std::string> near;
  for (const size_t place : Nearest(typed, words)) near.push_back(words[place]);
  return DidYouMean(near);
}

}  // namespace udsecho::cli
