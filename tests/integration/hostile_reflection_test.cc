// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Servers that lie about themselves: the client ends with a sentence, in time, and within its memory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/text_format.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "tests/integration/answering_server.h"
#include "tests/integration/programs.h"

namespace udsecho::integration {
namespace {

using ::testing::HasSubstr;
namespace pb = google::protobuf;
using Question = grpc::reflection::v1::ServerReflectionRequest;
using Reply = grpc::reflection::v1::ServerReflectionResponse;

constexpr int kLies = 64 + 9;
constexpr int kTooMuch = 64 + 8;
constexpr int kNoSuchMessage = 64 + 15;

// A server with the service h.S, whose file is this one.
struct Hostile {
  std::vector<std::string> services = {"h.S"};
  std::map<std::string, std::string> files;             // by symbol and by name, encoded
  std::function<std::string(const std::string&)> more;  // what is in none of them
  std::vector<std::string> replies;                     // to each call

  AnsweringServer::Answers operator()(const std::string& method, const std::string& request) const {
    if (!absl::StrContains(method, "ServerReflection")) return replies;
    Question question;
    EXPECT_TRUE(question.ParseFromString(request));
    Reply reply;
    if (question.has_list_services()) {
      auto& list = *reply.mutable_list_services_response();
      for (const std::string& name : services) list.add_service()->set_name(name);
    } else {
      const std::string key = question.file_containing_symbol() + question.file_by_filename();
      const auto found = files.find(key);
      const std::string file = found != files.end() ? found->second : more ? more(key) : "";
      if (!file.empty()) reply.mutable_file_descriptor_response()->add_file_descriptor_proto(file);
    }
    return std::vector<std::string>{reply.SerializeAsString()};
  }
};

pb::FileDescriptorProto File(const std::string& text) {
  pb::FileDescriptorProto file;
  EXPECT_TRUE(pb::TextFormat::ParseFromString(text, &file)) << text;
  return file;
}

// The file of h.S with one method Go, whose messages are h.M, and what else is said.
pb::FileDescriptorProto Service(const std::string& more = "") {
  return File(absl::StrCat(R"(
    name: "h.proto" package: "h" syntax: "proto3"
    service { name: "S" method { name: "Go" input_type: ".h.M" output_type: ".h.M" } }
    message_type { name: "M" })",
                           more));
}

Hostile With(const pb::FileDescriptorProto& file) {
  Hostile hostile;
  hostile.files["h.S"] = file.SerializeAsString();
  hostile.files["h.M"] = hostile.files["h.S"];
  return hostile;
}

class HostileReflectionTest : public ::testing::Test {
 protected:
  static void Expect(const Hostile& hostile, const std::vector<std::string>& arguments,
                     int exit_code, const std::string& says) {
    ExpectOf(AnsweringServer(hostile), arguments, exit_code, says);
  }
  static void ExpectOf(const AnsweringServer& server, std::vector<std::string> arguments,
                       int exit_code, const std::string& says) {
    arguments.insert(arguments.begin(), server.path());
    const support::Finished client = RunClient(arguments);
    EXPECT_EQ(client.exit_code, exit_code) << client.err;
    if (exit_code != 0) {
      EXPECT_EQ(client.out, "");
      EXPECT_TRUE(IsOneLine(client.err)) << client.err;
    }
    EXPECT_LT(client.err.size(), 2000);
    EXPECT_THAT(exit_code == 0 ? client.out : client.err, HasSubstr(says));
  }

  // Of all clients so far, and of this process when it started them.
  static long MostMemory() {
    rusage usage = {};
    getrusage(RUSAGE_CHILDREN, &usage);
    return usage.ru_maxrss / 1024;  // MB. NOLINT(*-union-access): glibc's
  }
  void TearDown() override { RecordProperty("client_mb", static_cast<int>(MostMemory())); }
};

TEST_F(HostileReflectionTest, NothingInTheAnswers) {
  Hostile hostile;
  hostile.services.clear();
  Expect(hostile, {"--list"}, 0, "");
  Expect(hostile, {"--describe"}, 0, "");
  Expect(hostile, {"--call=Go"}, 2, "no method");
  Expect(Hostile(), {"--list"}, 0, "h.S\n");
  Expect(Hostile(), {"--call=h.S/Go"}, 2, "no method");
}

TEST_F(HostileReflectionTest, NoAnswer) {
  const AnsweringServer silent([](auto&, auto&) { return std::vector<std::string>(); });
  for (const char* what : {"--list", "--describe", "--describe=x", "--call=x"}) {
    ExpectOf(silent, {what, "--timeout=50ms"}, 64 + 4, "no reply within 50ms");
  }
}

TEST_F(HostileReflectionTest, AnswersThatAreNone) {
  const AnsweringServer server([](auto&, auto&) { return std::vector<std::string>{"\xff\xff"}; });
  for (const char* what : {"--list", "--describe", "--describe=x", "--call=x"}) {
    ExpectOf(server, {what}, 64 + 13, "cannot be parsed");
  }
}

TEST_F(HostileReflectionTest, FilesThatImportThemselves) {
  Hostile hostile = With(Service(R"(dependency: "b")"));
  hostile.files["b"] = File(R"(name: "b" dependency: "h.proto")").SerializeAsString();
  Expect(hostile, {"--call=h.S/Go"}, kLies, "imports itself");
}

TEST_F(HostileReflectionTest, FilesWithoutEnd) {
  Hostile hostile = With(Service(R"(dependency: "0")"));
  hostile.more = [](const std::string& name) {
    return File(absl::StrCat("name: '", name, "' dependency: '", name, "0'")).SerializeAsString();
  };
  Expect(hostile, {"--call=h.S/Go"}, kTooMuch, "too large");
}

TEST_F(HostileReflectionTest, FilesThatAreSomethingElse) {
  Hostile other = With(File(R"(name: "other" message_type { name: "h" })"));
  Expect(other, {"--call=h.S/Go"}, 2, "no method");
  other.files["h.S"] =
      File(R"(name: "x" package: "h" message_type { name: "S" })").SerializeAsString();
  Expect(other, {"--call=h.S/Go"}, 2, "no method");
  other.files["h.S"] = "\xff";
  Expect(other, {"--call=h.S/Go"}, kLies, "cannot be parsed");
  Expect(other, {"--list"}, 0, "h.S\n");
  Expect(With(File(R"(name: "x" package: "h" service { name: "S" method { name: "Go"
      input_type: ".no.Such" output_type: ".h.S" } })")),
         {"--call=h.S/Go"}, kLies, "broken");
}

TEST_F(HostileReflectionTest, NamesThatMoveTheCursor) {
  Hostile hostile = With(Service());
  hostile.services = {"\x1b[2J\r"};
  Expect(hostile, {"--list"}, 0, "\\x1b[2J\\x0d\n");
  const AnsweringServer server(hostile);
  const support::Finished described = RunClient({server.path(), "--describe"});
  EXPECT_EQ(described.exit_code, 2) << "one of the services cannot be described";
  EXPECT_THAT(described.out, HasSubstr("// \\x1b[2J\\x0d"));
  EXPECT_TRUE(IsOneLine(described.err)) << described.err;
  hostile.files["\x1b[2J"] =
      File("name: '\x1b[2J' message_type { name: '\x1b[2J' }").SerializeAsString();
  Expect(hostile, {"--describe=\x1b[2J"}, kLies, " \\x1b[2J is broken");
  Expect(With(Service(R"(source_code_info {
      location { path: [ 4, 0 ] span: [ 0, 0, 0 ] leading_comments: "\x1b[2J" } })")),
         {"--describe=h.M"}, 0, "// \\x1b[2J\n");
}

TEST_F(HostileReflectionTest, TooMuchOfAFile) {
  std::string messages;
  while (messages.size() < 4'000'000) messages += std::string("\x22\x00", 2);
  const std::string file = Service().SerializeAsString();
  Hostile hostile = With(Service());
  hostile.files["h.S"] = file + messages;
  const AnsweringServer many(hostile);
  for (const char* what : {"--list", "--call=h.S/Go", "--describe=h.S"}) {
    ExpectOf(many, {what}, kTooMuch, "too large");
  }
  auto service = Service();
  std::string package;
  package.resize(17'000'000, 'p');
  service.set_package(package);
  hostile.files["h.S"] = service.SerializeAsString();
  const AnsweringServer large(hostile);
  for (const char* what : {"--list", "--call=h.S/Go", "--describe=h.S"}) {
    ExpectOf(large, {what}, kTooMuch, "too large");
  }
}

TEST_F(HostileReflectionTest, TooManyServices) {
  Hostile hostile;
  hostile.services.assign(100'000, "x");
  for (const char* what : {"--list", "--call=Go", "--describe"}) {
    Expect(hostile, {what}, kTooMuch, "services");
  }
  const AnsweringServer empty([](auto&, auto&) {
    // Services without a name: five million.
    const size_t size = 10'000'000;
    std::string list;
    while (list.size() < size) list += std::string("\x0a\x00", 2);
    std::string reply = "\x32\x80\xad\xe2\x04";
    return std::vector<std::string>{reply + list};
  });
  ExpectOf(empty, {"--list"}, kTooMuch, "too large");
}

// Twenty for each question: what nobody reads stays with the server.
TEST_F(HostileReflectionTest, AnswersThatNobodyAskedFor) {
  Reply reply;
  reply.mutable_error_response()->set_error_message(std::string(5'000'000, 'x'));
  std::vector<std::string> replies(20, reply.SerializeAsString());
  const AnsweringServer server([&](auto&, auto&) { return replies; });
  ExpectOf(server, {"--call=h.S/Go"}, 64 + 13, "something else");
}

std::string InFieldOne(const std::string& bytes) {
  std::string size;
  size_t left = bytes.size();
  for (; left > 0x7f; left >>= 7) size += static_cast<char>((left & 0x7f) | 0x80);
  return absl::StrCat("\x0a", size, std::string(1, static_cast<char>(left)), bytes);
}

constexpr char kM[] = R"(
    message_type {
      name: "N"
      field { name: "n" number: 1 type: TYPE_MESSAGE type_name: ".h.N" label: LABEL_REPEATED }
      field { name: "any" number: 2 type: TYPE_MESSAGE type_name: ".google.protobuf.Any" label: LABEL_OPTIONAL }
      field { name: "text" number: 3 type: TYPE_STRING label: LABEL_OPTIONAL }
    }
    dependency: "google/protobuf/any.proto")";

TEST_F(HostileReflectionTest, RepliesThatAreNone) {
  auto file = Service(kM);
  file.mutable_service(0)->mutable_method(0)->set_output_type(".h.N");
  Hostile hostile = With(file);
  const auto expect = [&](const std::string& reply, int exit_code, const std::string& says) {
    hostile.replies = {reply};
    Expect(hostile, {"--call=h.S/Go"}, exit_code, says);
  };
  expect("\xff\xff", kNoSuchMessage, "cannot be parsed");
  expect("\x1a\x05x", kNoSuchMessage, "cannot be parsed");
  std::string deep;
  while (deep.size() < 100'000) {
    deep = InFieldOne(deep);
  }
  expect(deep, kNoSuchMessage, "cannot be parsed");
  std::string parts;
  while (parts.size() < 10'000'000) parts += std::string("\x0a\x00", 2);
  expect(parts, kNoSuchMessage, "too large");
  pb::Any any;
  for (int depth = 0; depth < 1000; ++depth) {
    const std::string inner = any.SerializeAsString();
    any.set_type_url("x/google.protobuf.Any");
    any.set_value(inner);
  }
  // Of the field's number alone, the tag is another one.
  std::string within = InFieldOne(any.SerializeAsString());
  within[0] = '\x12';
  expect(within, kNoSuchMessage, "too many");
  expect("\x1a\x04\x1b[2J", 0, "\\u001b[2J");
  expect("", 0, "{}\n");
}

TEST_F(HostileReflectionTest, WhatIsNotKnownIsSaid) {
  Hostile hostile = With(Service());
  hostile.replies = {"\xa0\x01\x07"};
  const AnsweringServer server(hostile);
  const support::Finished client = RunClient({server.path(), "--call=h.S/Go"});
  EXPECT_EQ(client.out, "{}\n");
  EXPECT_THAT(client.err,
              HasSubstr("not shown, because the server's description does not have it: field #20"));
  EXPECT_TRUE(IsOneLine(client.err));
}

// The last one: all clients before counted.
TEST_F(HostileReflectionTest, Memory) { EXPECT_LT(MostMemory(), 700); }

}  // namespace
}  // namespace udsecho::integration
