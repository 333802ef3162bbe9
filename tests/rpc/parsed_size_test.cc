// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a message is said to take is at least what it takes.

#include "rpc/wire/parsed_size.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "google/protobuf/unknown_field_set.h"
#include "tests/rpc/shapes.pb.h"

namespace rpc::wire {
namespace {

using udsecho::testing::v1::Many;
using udsecho::testing::v1::Shapes;

std::size_t Told(const std::string& encoded) {
  return ParsedSize(*Shapes::descriptor(), encoded).value();
}

// Where the headers see that sanitizer, protobuf's maps have another layout than in Debian's
// library.
#ifdef __SANITIZE_THREAD__
class NotHere final : public ::testing::Environment {
  void SetUp() override { GTEST_SKIP() << "there is one thread, and maps differ"; }
};
[[maybe_unused]] const auto* const kNotHere = ::testing::AddGlobalTestEnvironment(new NotHere);
#endif

// Parsed as a call does, malformed or not: what it then takes.
std::size_t Takes(const std::string& encoded) {
  Shapes shapes;
  shapes.ParseFromString(encoded);
  return shapes.SpaceUsedLong();
}

struct Case {
  const char* name;
  std::function<void(Shapes*)> fill;
};

const std::string kLong(200, 'x');

const Case kCases[] = {
    {"Nothing", [](Shapes*) {}},
    {"AShortText", [](Shapes* s) { s->set_text("x"); }},
    {"ALongText", [](Shapes* s) { s->set_text(std::string(1 << 20, 'x')); }},
    {"Raw", [](Shapes* s) { s->set_raw(std::string(1000, '\0')); }},
    {"ManyEmptyTexts",
     [](Shapes* s) {
       for (int i = 0; i < 10'000; ++i) s->add_texts();
     }},
    {"ManyShortTexts",
     [](Shapes* s) {
       for (int i = 0; i < 10'000; ++i) s->add_texts("x");
     }},
    {"ManyTextsThatAreJustTooLongToBeInline",
     [](Shapes* s) {
       for (int i = 0; i < 10'000; ++i) s->add_texts("sixteen bytes ok");
     }},
    {"ManyLongTexts",
     [](Shapes* s) {
       for (int i = 0; i < 1000; ++i) s->add_texts(kLong);
     }},
    {"AnEmptyChild", [](Shapes* s) { s->mutable_child(); }},
    {"ManyEmptyChildren",
     [](Shapes* s) {
       for (int i = 0; i < 10'000; ++i) s->add_children();
     }},
    {"ManyEmptyOfNothing",
     [](Shapes* s) {
       for (int i = 0; i < 10'000; ++i) s->add_empty();
     }},
    {"ManyOfManyFields",
     [](Shapes* s) {
       for (int i = 0; i < 10'000; ++i) s->add_many();
     }},
    {"Nested",
     [](Shapes* s) {
       for (int i = 0; i < 90; ++i) s = s->mutable_child();
       s->set_text("deep");
     }},
    {"NestedInLists",
     [](Shapes* s) {
       for (int i = 0; i < 90; ++i) {
         s->add_children();
         s = s->add_children();
       }
     }},
    {"AMap",
     [](Shapes* s) {
       for (int i = 0; i < 10'000; ++i) (*s->mutable_map())[std::to_string(i)] = "x";
     }},
    {"AMapOfEmptyOnes",
     [](Shapes* s) {
       for (int i = 0; i < 10'000; ++i) (*s->mutable_map())[std::to_string(i)];
     }},
    {"AMapOfLongOnes",
     [](Shapes* s) {
       for (int i = 0; i < 1000; ++i) (*s->mutable_map())[kLong + std::to_string(i)] = kLong;
     }},
    {"AMapOfMessages",
     [](Shapes* s) {
       for (int i = 0; i < 10'000; ++i) (*s->mutable_shapes_by_number())[i];
     }},
    {"AMapOfNumbers",
     [](Shapes* s) {
       for (int i = 0; i < 10'000; ++i) (*s->mutable_numbers_by_number())[i] = i;
     }},
    {"MapsOfOneInMany",
     [](Shapes* s) {
       for (int i = 0; i < 1000; ++i) {
         Many* many = s->add_many();
         (*many->mutable_c())[""];
         (*many->mutable_d())["x"] = "y";
       }
     }},
    {"ANumber", [](Shapes* s) { s->set_number(-1); }},
    {"PackedNumbers",
     [](Shapes* s) {
       for (int i = 0; i < 100'000; ++i) s->add_packed(i % 100);
     }},
    {"LongPackedNumbers",
     [](Shapes* s) {
       for (int i = 0; i < 10'000; ++i) s->add_packed(-i);
     }},
    {"UnpackedNumbers",
     [](Shapes* s) {
       for (int i = 0; i < 100'000; ++i) s->add_unpacked(i % 100);
     }},
    {"WideNumbers",
     [](Shapes* s) {
       for (int i = 0; i < 10'000; ++i) s->add_wide(static_cast<std::uint64_t>(i));
     }},
    {"Bits",
     [](Shapes* s) {
       for (int i = 0; i < 10'000; ++i) s->add_bits(true);
     }},
    {"Doubles",
     [](Shapes* s) {
       for (int i = 0; i < 10'000; ++i) s->add_doubles(i);
     }},
    {"AChosenText", [](Shapes* s) { s->set_chosen_text(kLong); }},
    {"AChosenMessage", [](Shapes* s) { s->mutable_chosen_many()->add_a("x"); }},
    {"EverythingInAList",
     [](Shapes* s) {
       for (int i = 0; i < 100; ++i) {
         Shapes* child = s->add_children();
         child->set_text("x");
         child->add_texts("y");
         child->mutable_child()->add_packed(1);
         child->add_many()->add_i()->add_a(kLong);
         (*child->mutable_map())["k"] = "v";
         (*child->mutable_shapes_by_number())[i].add_bits(true);
       }
     }},
};

class ParsedSizeTest : public ::testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(Shapes, ParsedSizeTest, ::testing::ValuesIn(kCases),
                         [](const auto& info) { return info.param.name; });

TEST_P(ParsedSizeTest, IsAtLeastWhatItTakes) {
  Shapes shapes;
  GetParam().fill(&shapes);
  const std::string encoded = shapes.SerializeAsString();
  EXPECT_GE(Told(encoded), Takes(encoded));
}

// What protobuf says that it takes is without what malloc(3) adds, and its lists' unused room.
TEST_P(ParsedSizeTest, IsAtLeastWhatMallocSays) {
  Shapes shapes;
  GetParam().fill(&shapes);
  const std::string encoded = shapes.SerializeAsString();
  const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  Shapes parsed;
  ASSERT_TRUE(parsed.ParseFromString(encoded));
  const std::size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
  EXPECT_GE(Told(encoded) + 8192, after - std::min(before, after))
      << "and what the first time takes for good";
}

TEST_P(ParsedSizeTest, IsNotAbsurdlyMore) {
  Shapes shapes;
  GetParam().fill(&shapes);
  const std::string encoded = shapes.SerializeAsString();
  EXPECT_LE(Told(encoded), 4 * Takes(encoded) + 1024);
}

TEST_P(ParsedSizeTest, IsNoMoreThanItsBytesAtTheirDearest) {
  Shapes shapes;
  GetParam().fill(&shapes);
  const std::string encoded = shapes.SerializeAsString();
  EXPECT_LE(Takes(encoded), Takes("") + encoded.size() * DearestByte(*Shapes::descriptor()));
}

TEST(DearestByteTest, CanBeOfTheTypeItself) {
  Many many;
  for (int i = 0; i < 32; ++i) many.add_i();
  const std::string encoded = many.SerializeAsString();
  EXPECT_LE(many.SpaceUsedLong(),
            Many().SpaceUsedLong() + encoded.size() * DearestByte(*Many::descriptor()));
}

// Fields that the type does not have are kept too.
TEST(UnknownFieldsTest, AreCounted) {
  Shapes shapes;
  google::protobuf::UnknownFieldSet* const unknown =
      Shapes::GetReflection()->MutableUnknownFields(&shapes);
  for (int i = 0; i < 1000; ++i) {
    unknown->AddVarint(1000, 1);
    unknown->AddFixed32(1001, 1);
    unknown->AddFixed64(1002, 1);
    unknown->AddLengthDelimited(1003, "");
    unknown->AddLengthDelimited(1003, kLong);
    unknown->AddGroup(1004)->AddVarint(1, 1);
    unknown->AddGroup(1005);
  }
  const std::string encoded = shapes.SerializeAsString();
  EXPECT_GE(Told(encoded), Takes(encoded));
  EXPECT_LE(Told(encoded), 4 * Takes(encoded));
}

// The dearest that there are for their length: an empty group in a group, again and again.
TEST(UnknownFieldsTest, ThoseThatAreGroupsAreCounted) {
  for (const std::size_t depth : {1, 10, 90}) {
    std::string encoded;
    for (int i = 0; i < 1000; ++i) {
      encoded += std::string(depth, '\x0b');  // group 1 begins: not the text that it should be
      encoded += std::string(depth, '\x0c');  // and ends
    }
    EXPECT_GE(Told(encoded), Takes(encoded)) << depth;
    EXPECT_LE(Told(encoded), 4 * Takes(encoded)) << depth;
  }
}

TEST(UnknownFieldsTest, ThoseInAGroupAreNotTakenForTheMessagesOwn) {
  std::string encoded(1, '\x0b');
  for (int i = 0; i < 10'000; ++i) encoded += std::string("\x2a\x00", 2);  // children, elsewhere
  encoded += '\x0c';
  EXPECT_GE(Told(encoded), Takes(encoded));
  EXPECT_LE(Told(encoded), 4 * Takes(encoded));
}

// A field that comes with another type than it has.
TEST(UnknownFieldsTest, ThoseOfAnotherTypeAreCounted) {
  std::string encoded;
  for (int i = 0; i < 10'000; ++i) {
    encoded += std::string("\x08\x01", 2);  // text as a number
    encoded += std::string("\x42\x00", 2);  // number as a text
    encoded += std::string("\x20\x01", 2);  // child as a number
  }
  EXPECT_GE(Told(encoded), Takes(encoded));
}

TEST(MalformedTest, IsAtLeastWhatIsParsedUntilThatIsFound) {
  Shapes shapes;
  for (const Case& one : kCases) {
    if (std::string(one.name) != "ALongText") one.fill(&shapes);
  }
  const std::string whole = shapes.SerializeAsString();
  std::mt19937 random(1);
  std::uniform_int_distribution<std::size_t> anywhere(0, whole.size());
  for (int i = 0; i < 30; ++i) {
    const std::string part = whole.substr(0, anywhere(random));
    EXPECT_GE(Told(part), Takes(part)) << part.size();
  }
}

// A length that is a lie has protobuf reserve what it says: so only what can be parsed is compared.
TEST(MalformedTest, BytesAtRandomAreMeasuredToo) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> byte(0, 255);
  std::uniform_int_distribution<int> small(0, 18);
  int parsed = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes;
    for (int length = small(random); length > 0; --length) {
      bytes += static_cast<char>(length % 2 == 0 ? small(random) * 8 + small(random) % 6
                                                 : byte(random) & 3);
    }
    const std::size_t told = Told(bytes);
    Shapes shapes;
    if (!shapes.ParseFromString(bytes)) continue;
    ++parsed;
    EXPECT_GE(told, shapes.SpaceUsedLong());
    EXPECT_GE(Shapes().SpaceUsedLong() + bytes.size() * DearestByte(*Shapes::descriptor()),
              shapes.SpaceUsedLong());
  }
  EXPECT_GT(parsed, 1000);
}

TEST(MalformedTest, DeeperThanIsParsedIsNotFollowed) {
  std::string encoded;
  for (int i = 0; i < 100'000; ++i) {
    std::string length;
    for (std::size_t left = encoded.size();; left >>= 7) {
      length += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
      if (left <= 0x7f) break;
    }
    encoded.insert(0, '\x22' + length);  // a child in a child
    if (encoded.size() > 20'000) break;
  }
  EXPECT_GE(Told(encoded), Takes(encoded));
}

// So many of each as are parsed, and one more.
TEST(PartsTest, ThereMayBeAMillion) {
  struct Kind {
    const char* name;
    std::string encoded;
    std::size_t parts;
  };
  const std::vector<Kind> kinds = {
      {"a message", std::string("\x2a\x00", 2), 4},
      {"a text", std::string("\x1a\x00", 2), 4},
      {"a number", std::string("\x40\x01", 2), 1},
      {"an unknown number", std::string("\xf8\x07\x01", 3), 4},
      {"an unknown group", std::string("\xfb\x07\xfc\x07", 4), 4},
  };
  for (const Kind& kind : kinds) {
    std::string encoded;
    for (std::size_t i = 0; i < kMostParts / kind.parts; ++i) encoded += kind.encoded;
    EXPECT_TRUE(ParsedSize(*Shapes::descriptor(), encoded).has_value()) << kind.name;
    encoded += kind.encoded;
    EXPECT_FALSE(ParsedSize(*Shapes::descriptor(), encoded).has_value()) << kind.name;
  }
}

TEST(PartsTest, AreCountedInMessagesToo) {
  std::string child;
  for (std::size_t i = 0; i <= kMostParts / 4; ++i) child += std::string("\x2a\x00", 2);
  std::string length;
  for (std::size_t left = child.size(); left > 0; left >>= 7) {
    length += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
  }
  EXPECT_FALSE(ParsedSize(*Shapes::descriptor(), '\x22' + length + child).has_value());
}

TEST(MalformedTest, NothingIsAnEmptyMessage) { EXPECT_GE(Told(""), sizeof(Shapes)); }

}  // namespace
}  // namespace rpc::wire
