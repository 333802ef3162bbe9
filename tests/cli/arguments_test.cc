// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/status_matchers.h"

namespace udsecho::cli {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

// A command line with a flag of each kind.
class Line {
 public:
  explicit Line(const std::vector<const char*>& arguments) {
    app_.set_help_flag();
    app_.add_option("-n,--name", name)->type_name("TEXT");
    app_.add_option("--the_count", count)->type_name("N");
    app_.add_option("--color", color)->type_name("red|green");
    app_.add_option("-l,--list", list)->type_name("TEXT");
    app_.add_flag("--wait", wait)->type_name("[=TIME]");
    app_.add_flag("--service", service)->type_name("[=SERVICE]");
    app_.add_flag("-v,--verbose", verbose)->type_name("");
    app_.add_flag("--help", help)->type_name("[=all]");
    std::vector<const char*> argv = {"program"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    words = Parse(&app_, static_cast<int>(argv.size()), argv.data());
  }

  std::string name = "unset", count, color, wait, service, help;
  std::vector<std::string> list;
  bool verbose = false;
  absl::StatusOr<std::vector<std::string>> words;

 private:
  CLI::App app_;
};

std::vector<std::string> Words(const std::vector<const char*>& arguments) {
  const Line line(arguments);
  EXPECT_THAT(line.words, IsOk());
  return line.words.value_or(std::vector<std::string>{"refused"});
}

absl::Status Error(const std::vector<const char*>& arguments) {
  return Line(arguments).words.status();
}

TEST(ArgumentsTest, AValueFollowsAfterAnEqualsSignOrASpace) {
  EXPECT_EQ(Line({"--name=x"}).name, "x");
  EXPECT_EQ(Line({"--name", "x"}).name, "x");
  EXPECT_EQ(Line({"-n", "x"}).name, "x");
  EXPECT_EQ(Line({"-nx"}).name, "x");
  EXPECT_EQ(Line({"-n=x"}).name, "x");
  EXPECT_EQ(Line({"--name", "-5"}).name, "-5");
  EXPECT_EQ(Line({"--name==x="}).name, "=x=");
}

TEST(ArgumentsTest, AListTakesOneWordEach) {
  const Line line({"--list=a", "/s", "-l", "b,c", "m"});
  EXPECT_THAT(line.list, ElementsAre("a", "b,c"));
  EXPECT_THAT(*line.words, ElementsAre("/s", "m"));
}

TEST(ArgumentsTest, NothingIsTakenApart) {
  for (const char* text : {"[a,b]", "[]", "[", "{}", "%%", "\x01x", "a,b", "a b"}) {
    EXPECT_EQ(Line({"--name", text}).name, text);
    EXPECT_THAT(Words({text}), ElementsAre(text));
  }
}

TEST(ArgumentsTest, TheLastOfTwoWins) {
  EXPECT_EQ(Line({"--name=x", "--name=y"}).name, "y");
  EXPECT_FALSE(Line({"-v", "-v", "--verbose=false"}).verbose);
  EXPECT_TRUE(Line({"--verbose=false", "-v"}).verbose);
}

TEST(ArgumentsTest, AnEmptyTextIsAValue) {
  EXPECT_EQ(Line({"--name="}).name, "");
  EXPECT_EQ(Line({"--name", ""}).name, "");
  EXPECT_THAT(Line({"--list="}).list, ElementsAre(""));
  EXPECT_EQ(Line({"--service="}).service, Line({"--service"}).service);
  EXPECT_THAT(Words({"", "x", ""}), ElementsAre("", "x", ""));
  EXPECT_THAT(Error({"--the_count="}),
              StatusIs(kInvalid, AllOf(HasSubstr("empty"), HasSubstr("--the_count=N"))));
  EXPECT_THAT(Error({"--wait="}), StatusIs(kInvalid, HasSubstr("empty")));
}

TEST(ArgumentsTest, ValuesThatMayBeLeftOut) {
  for (const char* time : {"3", "500ms", "1m30s", "inf", "0.5"}) {
    const Line line({"--wait", time, "/s", "hi"});
    EXPECT_EQ(line.wait, time);
    EXPECT_THAT(*line.words, ElementsAre("/s", "hi"));
  }
  for (const char* word : {"/s", "hi", "3 parsecs", "nan", "s3", "", "."}) {
    const Line line({"--wait", word});
    EXPECT_EQ(line.wait, "true") << word;
    EXPECT_THAT(*line.words, ElementsAre(word));
  }
  EXPECT_EQ(Line({"--help", "all"}).help, "all");
  EXPECT_THAT(Words({"--service", "svc"}), ElementsAre("svc"));
  EXPECT_THAT(Words({"--wait", "--", "3"}), ElementsAre("3"));
}

TEST(ArgumentsTest, FlagsInOtherSpellings) {
  EXPECT_EQ(Line({"-help"}).help, "true");
  EXPECT_EQ(Line({"-name=x"}).name, "x");
  EXPECT_EQ(Line({"--the-count=3"}).count, "3");
  EXPECT_EQ(Line({"-the-count", "3"}).count, "3");
  const Line cluster({"-vnx"});
  EXPECT_TRUE(cluster.verbose);
  EXPECT_EQ(cluster.name, "x");
}

TEST(ArgumentsTest, AfterTwoDashesAllAreWords) {
  EXPECT_THAT(Words({"a", "--", "--name", "-x", "--"}), ElementsAre("a", "--name", "-x", "--"));
  EXPECT_THAT(Words({"-"}), ElementsAre("-"));
}

TEST(ArgumentsTest, AQuestionIsAnsweredWhateverTheOthersAre) {
  const Line line({"--help", "--name=x"});
  EXPECT_EQ(line.help, "true");
  EXPECT_EQ(line.name, "unset");
}

TEST(ArgumentsTest, WhatIsMissing) {
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{"--the_count"},
                                             {"--the_count", "-v"},
                                             {"--the_count", "--name=x"},
                                             {"--the_count", "--"}}) {
    EXPECT_THAT(Error(arguments),
                StatusIs(kInvalid, AllOf(HasSubstr("missing"), HasSubstr("--the_count=N"))));
  }
}

TEST(ArgumentsTest, WhatDoesNotFit) {
  EXPECT_THAT(Error({"--verbose=loud"}), StatusIs(kInvalid, HasSubstr("takes no value")));
  EXPECT_THAT(Error({"--color=gren"}),
              StatusIs(kInvalid, AllOf(HasSubstr("did you mean green?"), HasSubstr("red"))));
  EXPECT_THAT(Error({"--color=x"}), StatusIs(kInvalid, HasSubstr("red, green")));
  EXPECT_THAT(Error({"--help=some"}), StatusIs(kInvalid, HasSubstr("all")));
}

TEST(ArgumentsTest, TrueOrFalseAfterASwitchIsAsked) {
  for (const char* word : {"true", "false"}) {
    EXPECT_THAT(Error({"-v", word, "/s"}),
                StatusIs(kInvalid, AllOf(HasSubstr(std::string("-v=") + word), HasSubstr("--"))));
  }
  EXPECT_THAT(Words({"/s", "-v", "--", "false"}), ElementsAre("/s", "false"));
  EXPECT_THAT(Words({"-v", "/s", "false"}), ElementsAre("/s", "false"));
}

TEST(ArgumentsTest, AFlagThatDoesNotExist) {
  for (const char* typed : {"--nam", "--nmae=x", "--Name", "--NAME", "--names"}) {
    EXPECT_THAT(Error({typed}), StatusIs(kInvalid, HasSubstr("--name"))) << typed;
  }
  EXPECT_THAT(Error({"--count"}), StatusIs(kInvalid, Not(HasSubstr("--name"))));
  EXPECT_THAT(Error({"--bogus"}),
              StatusIs(kInvalid, AllOf(HasSubstr("--bogus"), Not(HasSubstr("mean")))));
  EXPECT_THAT(Error({"-5"}), StatusIs(kInvalid, HasSubstr("'--'")));
  EXPECT_THAT(Error({"-vx"}), StatusIs(kInvalid, HasSubstr("-vx")));
}

}  // namespace
}  // namespace udsecho::cli
