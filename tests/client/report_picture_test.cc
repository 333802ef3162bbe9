// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How the page of --report looks, in a real browser: nothing is wider than the screen, no text lies on
// other text, and the diagrams are drawn. With PICTURES=DIRECTORY in the environment, the pictures stay
// there: bazel test --test_env=PICTURES=/tmp/pictures --spawn_strategy=local ...

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/report/page.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/made_run.h"
#include "tests/client/png.h"
#include "tests/support/spawned_process.h"
#include "tests/support/temp_dir.h"

namespace udsecho::client {
namespace {

struct Screen {
  const char* name;
  int width;
  bool dark;
};

constexpr Screen kScreens[] = {{"desktop", 1100, false},
                               {"phone", 360, false},
                               {"dark", 1100, true},
                               {"phone-dark", 360, true}};
constexpr int kHeight = 6000;  // as much as any page here has

// Added to a copy of the page. Leaves what it finds as JSON in the place of the body.
constexpr char kLook[] = R"(<script>
const wrong = [];
const width = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth > width) wrong.push('the page is wider than the screen');
const boxes = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode;
  if (node.data.trim() === '' || node.parentElement.closest('script')) continue;
  const range = document.createRange();
  range.selectNodeContents(node);
  const svg = node.parentElement.closest('svg');
  for (const box of range.getClientRects()) {
    if (box.width === 0) continue;
    boxes.push({text: node.data.trim(), left: box.left, right: box.right, top: box.top,
                bottom: box.bottom});
    const frame = svg ? svg.getBoundingClientRect() : {left: 0, right: width};
    if (box.left < frame.left - 0.5 || box.right > frame.right + 0.5)
      wrong.push('out of its frame: ' + node.data.trim());
    if (svg && parseFloat(getComputedStyle(node.parentElement).fontSize) *
        svg.getBoundingClientRect().width / svg.viewBox.baseVal.width < 10)
      wrong.push('too small: ' + node.data.trim());
  }
}
for (let i = 0; i < boxes.length; ++i)
  for (let j = i + 1; j < boxes.length; ++j) {
    const a = boxes[i], b = boxes[j];
    // Lines of one text may touch by a pixel or two.
    if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
      wrong.push(a.text + ' lies on ' + b.text);
  }
const figures = [...document.querySelectorAll('figure > svg')]
    .map(svg => svg.getBoundingClientRect()).filter(box => box.width > 0)
    .map(box => ({left: box.left, top: box.top, width: box.width, height: box.height}));
const height = Math.ceil(document.body.getBoundingClientRect().bottom);
document.body.innerHTML = '<pre></pre>';
document.body.firstChild.textContent = '@@' + JSON.stringify({wrong, figures, height}) + '@@';
</script></body>)";

std::string FindBrowser() {
  for (const char* name : {"/usr/bin/chromium-headless-shell", "/usr/bin/chromium"}) {
    if (access(name, X_OK) == 0) return name;
  }
  return "";
}

std::string ReadFile(const std::string& name) {
  std::ifstream stream(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

class ReportPictureTest : public testing::Test {
 protected:
  void SetUp() override {
    browser_ = FindBrowser();
    if (browser_.empty()) {
      GTEST_SKIP() << "chromium is not installed (tools/setup --dev does it): nothing was tested";
    }
  }

  support::Finished Browse(const Screen& screen, int height, const std::string& file,
                           const std::string& what) {
    return support::RunToEnd(
        {browser_, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--hide-scrollbars", "--force-color-profile=srgb",
         "--user-data-dir=" + dir_.Path("profile"),
         absl::StrCat("--blink-settings=preferredColorScheme=", screen.dark ? 0 : 1),
         absl::StrCat("--window-size=", screen.width, ",", height), what, "file://" + file},
        "", {.directory = "", .environment = {"HOME=" + dir_.path()}});
  }

  nlohmann::json Look(const Screen& screen, const std::string& page) {
    const std::string file = dir_.Path("look.html");
    std::ofstream(file) << absl::StrReplaceAll(page, {{"</body>", kLook}});
    const support::Finished browser = Browse(screen, kHeight, file, "--dump-dom");
    const size_t begin = browser.out.find("@@");
    const size_t end = browser.out.rfind("@@");
    if (begin == end) {
      ADD_FAILURE() << browser.err << browser.out.substr(0, 500);
      return {{"wrong", {}}, {"figures", {}}, {"height", 0}};
    }
    return nlohmann::json::parse(
        absl::StrReplaceAll(browser.out.substr(begin + 2, end - begin - 2),
                            {{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}}));
  }

  Picture Take(const Screen& screen, int height, const std::string& page, const std::string& name) {
    const std::string file = dir_.Path("page.html");
    const std::string png = dir_.Path("page.png");
    std::ofstream(file) << page;
    const support::Finished browser = Browse(screen, height, file, "--screenshot=" + png);
    const std::string bytes = ReadFile(png);
    if (const char* kept = std::getenv("PICTURES"); kept != nullptr) {
      std::ofstream(absl::StrCat(kept, "/", name, "-", screen.name, ".png")) << bytes;
    }
    const std::optional<Picture> picture = ReadPng(bytes);
    EXPECT_TRUE(picture.has_value()) << browser.err;
    return picture.value_or(Picture{});
  }

  // On all screens: nothing is wrong, and so many diagrams are drawn in more than their frame's colours.
  void ExpectGood(const std::string& name, const std::string& page, size_t diagrams) {
    for (const Screen& screen : kScreens) {
      SCOPED_TRACE(absl::StrCat(name, " on ", screen.name));
      const nlohmann::json seen = Look(screen, page);
      for (const auto& wrong : seen["wrong"]) ADD_FAILURE() << wrong;
      EXPECT_LT(seen["height"], kHeight) << "what is below was not looked at";
      ASSERT_EQ(seen["figures"].size(), diagrams);
      const Picture picture = Take(screen, seen["height"], page, name);
      ASSERT_EQ(picture.width, static_cast<size_t>(screen.width));
      EXPECT_EQ(picture.At(0, 0) < 0x808080, screen.dark);
      for (const auto& figure : seen["figures"]) ExpectDrawn(picture, figure);
    }
  }

  // Text, grid and frame are grey, or nearly so; what is drawn has a colour.
  static void ExpectDrawn(const Picture& picture, const nlohmann::json& figure) {
    const auto at = [&](const char* name) {
      return static_cast<size_t>(figure[name].get<double>());
    };
    std::set<size_t> columns;
    for (size_t y = at("top"); y < at("top") + at("height"); ++y) {
      for (size_t x = at("left"); x < at("left") + at("width"); ++x) {
        const uint32_t pixel = picture.At(x, y);
        const int red = static_cast<int>(pixel >> 16);
        const int blue = static_cast<int>(pixel & 0xff);
        if (std::abs(red - blue) > 80) columns.insert(x);
      }
    }
    EXPECT_GT(columns.size(), at("width") / 40) << figure;
  }

  const support::TempDir dir_;
  std::string browser_;
};

// A text without a place to break it.
std::string Long(size_t size) { return std::string(size, 'W'); }

TEST_F(ReportPictureTest, ARun) { ExpectGood("run", ReportPage(MadeRun({})), 4); }

TEST_F(ReportPictureTest, ARunAtARateWithErrors) {
  Result result = MadeRun({.points = 400,
                           .codes = {1, 2, 4, 5, 8, 10, 13, 14},
                           .error = "unix:/tmp/sock1: the backend is busy; try again in a second",
                           .rate = 12'000});
  result.thresholds = ParseThresholds("p99>5ms,errors>0.1%,rate<1000").value();
  ExpectGood("errors", ReportPage(result), 5);
}

TEST_F(ReportPictureTest, TwoRuns) {
  const Record before = RecordOfRun(MadeRun({.latency = absl::Microseconds(300), .codes = {14}}));
  ExpectGood("two", ReportPage(MadeRun({.points = 60, .codes = {4}}), before), 5);
}

TEST_F(ReportPictureTest, TwoRunsThatAreNotComparable) {
  Record before = RecordOfRun(MadeRun({.points = 5, .calls_a_point = 10}));
  before.concurrency = 100'000;
  before.shape = "collect";
  before.kernel = Long(200);
  ExpectGood("not-comparable", ReportPage(MadeRun({}), before), 4);
}

TEST_F(ReportPictureTest, HugeNumbersAndLongTexts) {
  Result result = MadeRun({.point = absl::Hours(1),
                           .latency = absl::Seconds(100),
                           .codes = {14},
                           .error = Long(900),
                           .rate = 9'999'999,
                           .address = "unix:/" + Long(100)});
  result.command_line = "client " + Long(600);
  Record before = RecordOfRun(result);
  before.calls = before.calls_per_second = 9e14;
  before.latency->max = 1e15;
  ExpectGood("huge", ReportPage(result, before), 5);
}

TEST_F(ReportPictureTest, ARunThatFailed) {
  ExpectGood("failed", ReportPage(MadeRun({.calls_a_point = 0, .codes = {14}})), 1);
  ExpectGood("empty", ReportPage(MadeRun({.points = 0})), 0);
  ExpectGood("brief", ReportPage(MadeRun({.points = 1, .calls_a_point = 3})), 2);
}

}  // namespace
}  // namespace udsecho::client
