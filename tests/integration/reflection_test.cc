// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Reflection of the real server: one question is enough to call it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/descriptor_database.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

namespace reflection = grpc::reflection::v1;

using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAre;

class ReflectionTest : public ::testing::Test {
 protected:
  // The files of one answer, by name.
  std::map<std::string, google::protobuf::FileDescriptorProto> Ask(
      const reflection::ServerReflectionRequest& request) {
    grpc::ClientContext context;
    const auto stub = reflection::ServerReflection::NewStub(Connect(server_.path()));
    const auto stream = stub->ServerReflectionInfo(&context);
    EXPECT_TRUE(stream->Write(request));
    EXPECT_TRUE(stream->WritesDone());
    reflection::ServerReflectionResponse response;
    EXPECT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.original_request().SerializeAsString(), request.SerializeAsString());
    std::map<std::string, google::protobuf::FileDescriptorProto> files;
    for (const auto& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(bytes));
      EXPECT_TRUE(files.emplace(file.name(), file).second) << file.name() << " twice";
    }
    EXPECT_FALSE(stream->Read(&response));
    EXPECT_TRUE(stream->Finish().ok());
    return files;
  }

  ServerProcess server_;
};

// With all that it imports, or a client could not build it.
TEST_F(ReflectionTest, OneAnswerHasAFileWithItsDependencies) {
  reflection::ServerReflectionRequest request;
  request.set_file_containing_symbol("udsecho.v1.Echo");
  auto files = Ask(request);
  std::vector<std::string> names;
  for (const auto& [name, file] : files) names.push_back(name);
  EXPECT_THAT(names,
              IsSupersetOf({"udsecho/v1/echo.proto", "google/protobuf/any.proto",
                            "google/protobuf/duration.proto", "google/protobuf/timestamp.proto"}));
  google::protobuf::DescriptorPool pool;
  for (const std::string dependency : {"any", "duration", "timestamp"}) {
    ASSERT_NE(pool.BuildFile(files["google/protobuf/" + dependency + ".proto"]), nullptr);
  }
  const auto* const echo = pool.BuildFile(files["udsecho/v1/echo.proto"]);
  ASSERT_NE(echo, nullptr);
  ASSERT_EQ(echo->service_count(), 1);
  EXPECT_EQ(echo->service(0)->method_count(), 5);
}

// Which no .proto names: tools that build what they need of one answer have it all the same.
TEST_F(ReflectionTest, WithAnyComeTheTypesThatItMayHold) {
  reflection::ServerReflectionRequest request;
  request.set_file_containing_symbol("udsecho.v1.Echo");
  const auto files = Ask(request);
  google::protobuf::SimpleDescriptorDatabase database;
  for (const auto& [name, file] : files) database.Add(file);
  google::protobuf::DescriptorPool pool(&database);
  for (const char* const type :
       {"ErrorInfo", "RetryInfo", "DebugInfo", "QuotaFailure", "PreconditionFailure", "BadRequest",
        "RequestInfo", "ResourceInfo", "Help", "LocalizedMessage", "Status"}) {
    EXPECT_NE(pool.FindMessageTypeByName(absl::StrCat("google.rpc.", type)), nullptr) << type;
  }
  for (const char* const type : {"Any", "Duration", "Empty", "FieldMask", "Struct", "Timestamp",
                                 "StringValue", "BytesValue"}) {
    EXPECT_NE(pool.FindMessageTypeByName(absl::StrCat("google.protobuf.", type)), nullptr) << type;
  }
}

TEST_F(ReflectionTest, ATypeOfDetailsIsFoundByItsName) {
  reflection::ServerReflectionRequest request;
  request.set_file_containing_symbol("google.rpc.RetryInfo");
  EXPECT_EQ(Ask(request).count("google/rpc/error_details.proto"), 1u);
}

// grpcurl and others do not make them up.
TEST_F(ReflectionTest, FieldsHaveTheirNamesInJson) {
  reflection::ServerReflectionRequest request;
  request.set_file_containing_symbol("google.rpc.RetryInfo");
  const auto files = Ask(request);
  const auto file = files.find("google/rpc/error_details.proto");
  ASSERT_NE(file, files.end());
  for (const auto& message : file->second.message_type()) {
    for (const auto& field : message.field()) EXPECT_TRUE(field.has_json_name()) << field.name();
  }
}

TEST_F(ReflectionTest, SoHasOneThatIsAskedForByName) {
  reflection::ServerReflectionRequest request;
  request.set_file_by_filename("udsecho/v1/admin.proto");
  const auto files = Ask(request);
  std::vector<std::string> names;
  for (const auto& [name, file] : files) names.push_back(name);
  EXPECT_THAT(names,
              UnorderedElementsAre("udsecho/v1/admin.proto", "google/protobuf/duration.proto",
                                   "google/protobuf/timestamp.proto"));
}

}  // namespace
}  // namespace udsecho::integration
