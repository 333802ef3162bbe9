// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "uds/unique_fd.h"

namespace uds {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

struct Form {
  const char* text;
  const char* name;
  const char* shown;
};

class AddressFormTest : public testing::TestWithParam<Form> {};

TEST_P(AddressFormTest, IsUnderstood) {
  absl::StatusOr<Address> address = Address::Parse(GetParam().text);
  ASSERT_THAT(address, IsOk());
  EXPECT_FALSE(address->is_abstract());
  EXPECT_EQ(address->name(), GetParam().name);
  EXPECT_EQ(address->ToString(), GetParam().shown);
  EXPECT_STREQ(address->sockaddr_unix().sun_path, GetParam().name);
  EXPECT_EQ(address->socket_address_length(),
            offsetof(sockaddr_un, sun_path) + std::strlen(GetParam().name) + 1);
}

INSTANTIATE_TEST_SUITE_P(
    Paths, AddressFormTest,
    testing::Values(Form{"/tmp/sock1", "/tmp/sock1", "unix:/tmp/sock1"},
                    Form{"sock1", "sock1", "unix:sock1"}, Form{"./x", "./x", "unix:./x"},
                    Form{"../a/x", "../a/x", "unix:../a/x"}, Form{"unix:rel", "rel", "unix:rel"},
                    Form{"unix:/abs", "/abs", "unix:/abs"},
                    Form{"unix:///abs", "/abs", "unix:/abs"},
                    Form{"unix:////abs", "//abs", "unix:////abs"},
                    Form{"./localhost:50051", "./localhost:50051", "unix:./localhost:50051"},
                    Form{"/tmp/a:1", "/tmp/a:1", "unix:/tmp/a:1"},
                    Form{"dir/tcp:x", "dir/tcp:x", "unix:dir/tcp:x"},
                    Form{"unix:localhost:1", "localhost:1", "unix:localhost:1"},
                    Form{"./@x", "./@x", "unix:./@x"}, Form{"..x", "..x", "unix:..x"}));

// As gRPC's clients read these, and what is shown can be typed.
INSTANTIATE_TEST_SUITE_P(
    Uris, AddressFormTest,
    testing::Values(Form{"unix:/a%20b", "/a b", "unix:/a b"}, Form{"unix:a%2fb", "a/b", "unix:a/b"},
                    Form{"unix:///a%3Fb%23c%25d", "/a?b#c%d", "unix:/a%3Fb%23c%25d"},
                    Form{"unix:/100%", "/100%", "unix:/100%25"},
                    Form{"unix:/a%2", "/a%2", "unix:/a%252"},
                    Form{"unix:/a%zz", "/a%zz", "unix:/a%25zz"},
                    Form{"/a%20b?c#d", "/a%20b?c#d", "unix:/a%2520b%3Fc%23d"}));

TEST(AddressTest, AbstractNamesAreUrisToo) {
  for (const char* text : {"unix-abstract:a%20b", "unix-abstract:a b"}) {
    EXPECT_EQ(Address::Parse(text).value().name(), "a b");
  }
  EXPECT_EQ(Address::Parse("unix-abstract:///a").value().name(), "/a");
  EXPECT_EQ(Address::Parse("unix-abstract:////a").value().ToString(), "unix-abstract:////a");
  EXPECT_THAT(Address::Parse("unix-abstract://a"),
              StatusIs(kInvalid, AllOf(HasSubstr("authority"), HasSubstr("unix-abstract:a"))));
  EXPECT_THAT(Address::Parse("unix://localhost/tmp/s"),
              StatusIs(kInvalid, HasSubstr("say unix:///tmp/s")));
}

TEST(AddressTest, RefusesWhatClientsWouldCutOff) {
  EXPECT_THAT(Address::Parse("unix:/a?b"), StatusIs(kInvalid, HasSubstr("%3F")));
  EXPECT_THAT(Address::Parse("unix:/a#b"), StatusIs(kInvalid, HasSubstr("%23")));
  EXPECT_THAT(Address::Parse("unix-abstract:a?b"), StatusIs(kInvalid, HasSubstr("%3F")));
  EXPECT_THAT(Address::Parse("unix:/a%00b"), StatusIs(kInvalid, HasSubstr("NUL")));
}

TEST(AddressTest, AbstractName) {
  absl::StatusOr<Address> address = Address::Parse("unix-abstract:name");
  ASSERT_THAT(address, IsOk());
  EXPECT_TRUE(address->is_abstract());
  EXPECT_EQ(address->name(), "name");
  EXPECT_EQ(address->ToString(), "unix-abstract:name");
  EXPECT_EQ(address->socket_address_length(), offsetof(sockaddr_un, sun_path) + 5);
  EXPECT_EQ(std::memcmp(address->sockaddr_unix().sun_path, "\0name", 5), 0);
}

TEST(AddressTest, PrintsSafely) {
  absl::StatusOr<Address> address = Address::Parse("/tmp/a\n[LISTENER] INFO forged\x1b[2J");
  ASSERT_THAT(address, IsOk());
  EXPECT_EQ(address->ToString(), "unix:/tmp/a\\x0a[LISTENER] INFO forged\\x1b[2J");
}

TEST(AddressTest, CopiesAreIndependent) {
  Address a = Address::Parse("/tmp/a").value();
  Address b = a;
  a = Address::Parse("/tmp/other").value();
  EXPECT_EQ(b.name(), "/tmp/a");
  EXPECT_STREQ(b.sockaddr_unix().sun_path, "/tmp/a");
}

TEST(AddressTest, RefusesNothing) {
  EXPECT_THAT(Address::Parse(""), StatusIs(kInvalid, HasSubstr("/tmp/sock1")));
  EXPECT_THAT(Address::Parse("unix:"), StatusIs(kInvalid, HasSubstr("names no file")));
  EXPECT_THAT(Address::Parse("unix://"), StatusIs(kInvalid, HasSubstr("names no file")));
  EXPECT_THAT(Address::Parse("unix-abstract:"),
              StatusIs(kInvalid, HasSubstr("unix-abstract:name")));
}

TEST(AddressTest, RefusesAnAuthority) {
  EXPECT_THAT(Address::Parse("unix://rel/x"),
              StatusIs(kInvalid, AllOf(HasSubstr("unix:rel/x"), HasSubstr("unix:///rel/x"))));
}

TEST(AddressTest, RefusesNul) {
  EXPECT_THAT(Address::Parse(absl::string_view("/tmp/a\0b", 8)),
              StatusIs(kInvalid, AllOf(HasSubstr("NUL"), HasSubstr("/tmp/a\\x00b"))));
  EXPECT_THAT(Address::Parse(absl::string_view("\0name", 5)),
              StatusIs(kInvalid, HasSubstr("unix-abstract:")));
}

TEST(AddressTest, RefusesDirectories) {
  for (const char* text : {"/", "/tmp/", "unix:/tmp/", ".", "..", "/tmp/.", "a/.."}) {
    EXPECT_THAT(Address::Parse(text), StatusIs(kInvalid, HasSubstr("names a directory"))) << text;
  }
  EXPECT_THAT(Address::Parse("/tmp/"), StatusIs(kInvalid, HasSubstr("as in /tmp/sock1")));
}

TEST(AddressTest, RefusesHostsAndPorts) {
  for (const char* text : {"localhost:50051", "127.0.0.1:50051", ":50051", "[::1]:50051"}) {
    EXPECT_THAT(
        Address::Parse(text),
        StatusIs(kInvalid, AllOf(HasSubstr("host and port"), HasSubstr(absl::StrCat("./", text)))))
        << text;
  }
}

TEST(AddressTest, RefusesOtherSchemes) {
  for (const char* text : {"tcp:x", "dns:example.com", "http://localhost/x", "dns:///a", "UNIX:/a",
                           "vsock:", "unix-abstrac:x", "C:\\x"}) {
    EXPECT_THAT(Address::Parse(text), StatusIs(kInvalid, HasSubstr("scheme"))) << text;
  }
}

TEST(AddressTest, RefusesAtSigns) {
  EXPECT_THAT(Address::Parse("@name"),
              StatusIs(kInvalid, AllOf(HasSubstr("unix-abstract:name"), HasSubstr("./@name"))));
}

TEST(AddressTest, RefusesMoreThanTheLimitAndSaysSo) {
  const std::string path = "/" + std::string(107, 'x');
  EXPECT_THAT(Address::Parse(path),
              StatusIs(kInvalid, AllOf(HasSubstr("108"), HasSubstr("107"), HasSubstr("/run"))));
  EXPECT_THAT(Address::Parse("unix-abstract:" + path), StatusIs(kInvalid, HasSubstr("107")));
  EXPECT_THAT(Address::Parse(path.substr(0, 107)), IsOk());
  EXPECT_THAT(Address::Parse("unix-abstract:" + path.substr(0, 107)), IsOk());
}

TEST(AddressTest, CutsANovelShortInItsRefusal) {
  const std::string novel(1 << 20, 'x');
  EXPECT_THAT(Address::Parse(novel), StatusIs(kInvalid, HasSubstr("1048576")));
  for (const char* begin : {"", "unix://", "tcp:", "@", "unix-abstract://", "/", "a/../"}) {
    const absl::Status status = Address::Parse(absl::StrCat(begin, novel, "/")).status();
    EXPECT_LT(status.message().size(), 1000U) << begin;
  }
}

TEST(AddressTest, TheKernelTakesTheLongestPathAndName) {
  support::TempDir dir;
  std::string path = dir.Path("");
  path.append(Address::kMaxLength - path.size(), 'x');
  for (const std::string& text : {path, "unix-abstract:" + path}) {
    const Address address = Address::Parse(text).value();
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(bind(fd.get(), address.socket_address(), address.socket_address_length()), 0);
    sockaddr_un bound = {};
    socklen_t length = sizeof(bound);
    ASSERT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &length), 0);
    EXPECT_EQ(length, address.socket_address_length());
    EXPECT_EQ(std::memcmp(&bound, &address.sockaddr_unix(), length), 0);
  }
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace uds
