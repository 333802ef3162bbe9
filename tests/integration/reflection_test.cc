// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Reflection of the real server: one question is enough to call it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

namespace reflection = grpc::reflection::v1;

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
  EXPECT_THAT(names, UnorderedElementsAre("udsecho/v1/echo.proto", "google/protobuf/any.proto",
                                          "google/protobuf/duration.proto",
                                          "google/protobuf/timestamp.proto"));
  google::protobuf::DescriptorPool pool;
  for (const std::string dependency : {"any", "duration", "timestamp"}) {
    ASSERT_NE(pool.BuildFile(files["google/protobuf/" + dependency + ".proto"]), nullptr);
  }
  const auto* const echo = pool.BuildFile(files["udsecho/v1/echo.proto"]);
  ASSERT_NE(echo, nullptr);
  ASSERT_EQ(echo->service_count(), 1);
  EXPECT_EQ(echo->service(0)->method_count(), 5);
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
