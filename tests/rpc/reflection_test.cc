// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Reflection, the same for both of its versions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/descriptor.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "tests/rpc/hosted_server.h"

namespace udsecho::testing {
namespace {

using ::testing::Contains;
using ::testing::IsSupersetOf;

struct V1 {
  using Service = grpc::reflection::v1::ServerReflection;
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
};
struct V1Alpha {
  using Service = grpc::reflection::v1alpha::ServerReflection;
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
};

template <class Version>
class ReflectionTest : public ::testing::Test {
 protected:
  using Request = typename Version::Request;
  using Response = typename Version::Response;

  ReflectionTest() {
    server_.Start();
    stub_ = Version::Service::NewStub(server_.Connect());
    // Opening it waits for the server, so that it cannot be an initializer.
    stream_ = stub_->ServerReflectionInfo(&context_);  // NOLINT(*-prefer-member-initializer)
  }

  Response Ask(const Request& request) {
    Response response;
    EXPECT_TRUE(stream_->Write(request));
    EXPECT_TRUE(stream_->Read(&response));
    return response;
  }

  static std::vector<std::string> FileNames(const Response& response) {
    std::vector<std::string> names;
    for (const auto& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(bytes));
      names.push_back(file.name());
    }
    return names;
  }

  HostedServer server_;
  grpc::ClientContext context_;
  std::unique_ptr<typename Version::Service::Stub> stub_;
  decltype(stub_->ServerReflectionInfo(&context_)) stream_;
};

using Versions = ::testing::Types<V1, V1Alpha>;
TYPED_TEST_SUITE(ReflectionTest, Versions);

TYPED_TEST(ReflectionTest, ListsWhatIsServed) {
  typename TypeParam::Request request;
  request.set_list_services("");
  const auto response = this->Ask(request);
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service()) {
    names.push_back(service.name());
  }
  EXPECT_THAT(names, IsSupersetOf({"udsecho.testing.v1.Probe", "grpc.health.v1.Health",
                                   "grpc.reflection.v1.ServerReflection",
                                   "grpc.reflection.v1alpha.ServerReflection"}));
}

TYPED_TEST(ReflectionTest, FindsSymbolsAndFiles) {
  typename TypeParam::Request request;
  request.set_file_containing_symbol("udsecho.testing.v1.Probe.Ask");
  EXPECT_THAT(this->FileNames(this->Ask(request)), Contains("tests/rpc/probe.proto"));
  request.set_file_by_filename("tests/rpc/probe.proto");
  EXPECT_THAT(this->FileNames(this->Ask(request)), Contains("tests/rpc/probe.proto"));
}

TYPED_TEST(ReflectionTest, ListsExtensionsAndFindsTheirFiles) {
  typename TypeParam::Request request;
  request.set_all_extension_numbers_of_type("udsecho.testing.v1.ProbeRequest");
  const auto response = this->Ask(request);
  EXPECT_EQ(response.all_extension_numbers_response().base_type_name(),
            "udsecho.testing.v1.ProbeRequest");
  EXPECT_EQ(response.all_extension_numbers_response().extension_number_size(), 0);
}

TYPED_TEST(ReflectionTest, UnknownNamesAreNotFoundAndTheStreamGoesOn) {
  typename TypeParam::Request request;
  request.set_file_containing_symbol("no.such.Symbol");
  EXPECT_EQ(this->Ask(request).error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  request.set_file_by_filename("no/such.proto");
  EXPECT_EQ(this->Ask(request).error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  request.set_all_extension_numbers_of_type("no.such.Type");
  EXPECT_EQ(this->Ask(request).error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  request.mutable_file_containing_extension()->set_containing_type("no.such.Type");
  EXPECT_EQ(this->Ask(request).error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  request.clear_message_request();
  EXPECT_EQ(this->Ask(request).error_response().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  this->stream_->WritesDone();
  EXPECT_TRUE(this->stream_->Finish().ok());
}

// Looked up, this one would keep the thread for minutes.
TYPED_TEST(ReflectionTest, NameTooLongToBeOneIsNotLookedUp) {
  std::string name;
  for (int i = 0; i < 1'000'000; ++i) name += "a.";
  typename TypeParam::Request request;
  request.set_file_containing_symbol(name);
  EXPECT_EQ(this->Ask(request).error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  request.set_all_extension_numbers_of_type(name);
  EXPECT_EQ(this->Ask(request).error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  request.mutable_file_containing_extension()->set_containing_type(name);
  EXPECT_EQ(this->Ask(request).error_response().error_code(), grpc::StatusCode::NOT_FOUND);
}

TYPED_TEST(ReflectionTest, OpenStreamDoesNotHoldUpADrain) {
  typename TypeParam::Request request;
  request.set_list_services("");
  this->Ask(request);
  EXPECT_EQ(this->server_.StopAndJoin().calls_cut, 0U);
  typename TypeParam::Response response;
  EXPECT_FALSE(this->stream_->Read(&response));
  EXPECT_EQ(this->stream_->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace udsecho::testing
