// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --bench: the report, the comparison, conditions and tables.

#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "client/run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/bench_bed.h"
#include "tests/client/pipe.h"
#include "tests/client/run_client.h"
#include "tests/client/test_server.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using BenchOutputTest = BenchTest;

TEST_F(BenchOutputTest, TheReportIsOnePageThatNeedsNothingElse) {
  const std::string file = dir_.Path("report.html");
  EXPECT_EQ(Bench({"--count=1000", "--report=" + file}).exit_code, 0);
  std::ifstream stream(file);
  const std::string page{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  EXPECT_THAT(page, HasSubstr("<polyline"));
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(page, HasSubstr("</html>"));
  EXPECT_THAT(page, Not(HasSubstr("http:")));
  EXPECT_THAT(page, Not(HasSubstr("https:")));
  EXPECT_THAT(page, Not(HasSubstr("$")));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

TEST_F(BenchOutputTest, AnEarlierRunIsCompared) {
  const std::string old = dir_.Path("old.json");
  std::ofstream(old) << Bench({"--duration=500ms", "--warmup=0", "-c", "3", "--json"}).out;
  const std::vector<std::string> flags = {"--duration=500ms", "--warmup=0", "--report=-",
                                          "--compare=" + old};
  std::vector<std::string> same = flags;
  same.insert(same.end(), {"-c", "3"});
  const Ended comparable = Bench(same);
  EXPECT_EQ(comparable.exit_code, 0) << comparable.err;
  EXPECT_THAT(comparable.out, HasSubstr("p99 before"));
  EXPECT_THAT(comparable.out, Not(HasSubstr("not comparable")));
  EXPECT_THAT(Bench(flags).out, HasSubstr("calls in flight: 3 before, 64 now"));
}

TEST_F(BenchOutputTest, AnEarlierRunIsComparedWithoutAPage) {
  const std::string old = dir_.Path("old.json");
  std::ofstream(old) << Bench({"--count=100", "--json"}).out;
  EXPECT_THAT(Bench({"--count=100", "--compare=" + old}).out,
              testing::ContainsRegex("compared +p50: .* before, .* now"));
  EXPECT_EQ(Json({"--count=100", "--compare=" + old})["comparison"]["differences"][0]["name"],
            "calls/s");
  EXPECT_EQ(Bench({"--count=100", "--compare=" + old, "--fail_if=worse"}).exit_code, 6)
      << "too short to tell";
}

TEST_F(BenchOutputTest, AnEarlierRunThatCannotBeReadIsToldBeforeTheRun) {
  std::atomic<int> calls = 0;
  server_.service.echo = [&](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    ++calls;
    return grpc::Status::OK;
  };
  const std::string old = dir_.Path("old.json");
  const auto compare = [&] {
    const std::string report = dir_.Path("report.html");
    const Ended result = Bench({"--count=1", "--report=" + report, "--compare=" + old});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_FALSE(std::ifstream(report).is_open());
    EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr("--compare"), HasSubstr(old)));
    return result.err;
  };
  EXPECT_THAT(compare(), HasSubstr("No such file"));
  std::ofstream(old) << "hello\n";
  EXPECT_THAT(compare(), HasSubstr("JSON"));
  EXPECT_EQ(calls, 0);
  server_.Stop();
}

TEST_F(BenchOutputTest, AConditionThatComesTrueHasAnExitCodeOfItsOwn) {
  const Ended failed = Bench({"--count=100", "--fail_if=p99>1ns,errors>0"});
  EXPECT_EQ(failed.exit_code, 6);
  EXPECT_THAT(failed.err, testing::AllOf(OneLine(), HasSubstr("--fail_if: p99>1ns: it was ")));
  EXPECT_THAT(failed.out, HasSubstr("p99>1ns: failed"));
  EXPECT_THAT(failed.out, HasSubstr("errors>0: passed"));
  EXPECT_EQ(Bench({"--count=100", "--fail_if=p99>1h"}).exit_code, 0);
}

TEST_F(BenchOutputTest, CsvIsALineOfNamesAndAsManyValues) {
  const auto rows = [](const std::string& text) {
    std::vector<std::vector<std::string>> all;
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      all.push_back(absl::StrSplit(line, ','));
    }
    return all;
  };
  const auto run = rows(Bench({"--count=100", "--csv"}).out);
  ASSERT_EQ(run.size(), 2U);
  ASSERT_EQ(run[0].size(), run[1].size());
  const auto value = [&](const char* name) {
    const auto at = std::find(run[0].begin(), run[0].end(), name);
    return at == run[0].end() ? "none" : run[1][at - run[0].begin()];
  };
  EXPECT_EQ(value("calls"), "100");
  EXPECT_EQ(value("errors"), "0");
  EXPECT_EQ(value("shape"), "unary");
  EXPECT_GT(std::stod(value("p99.9_us")), 0);
  EXPECT_GE(std::stod(value("p95_us")), std::stod(value("p90_us")));
  EXPECT_EQ(value("disconnected_s"), "0");

  const auto points = rows(Bench({"--duration=500ms", "--warmup=0", "--csv=points"}).out);
  ASSERT_GT(points.size(), 4U);
  for (const auto& row : points) EXPECT_EQ(row.size(), points[0].size());
  EXPECT_EQ(points[0][0], "from_s");
  EXPECT_EQ(points[1][0], "0");
  EXPECT_EQ(points[1][1], points[2][0]);
}

TEST_F(BenchOutputTest, AReportThatCannotBeWrittenIsToldBeforeTheRun) {
  std::atomic<int> calls = 0;
  server_.service.echo = [&](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    ++calls;
    return grpc::Status::OK;
  };
  const Ended result = Bench({"--count=1", "--report=" + dir_.Path("no/such")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr("No such file or directory")));
  EXPECT_EQ(calls, 0);
  server_.Stop();
}

TEST_F(BenchOutputTest, AStandardOutputThatCannotBeWrittenIsToldBeforeTheRun) {
  std::atomic<int> calls = 0;
  server_.service.echo = [&](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    ++calls;
    return grpc::Status::OK;
  };
  // What main() makes of a descriptor that is closed.
  const uds::UniqueFd closed(open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (const char* where : {"--report=-", "--json"}) {
    Pipe err;
    const std::vector<const char*> argv = {"client", path_.c_str(), "--bench", "--count=1", where};
    EXPECT_EQ(client::Run(static_cast<int>(argv.size()), argv.data(),
                          {closed.get(), closed.get(), err.writer(), nullptr}),
              1);
    EXPECT_THAT(err.CloseWriterAndReadAll(),
                testing::AllOf(OneLine(), HasSubstr("Bad file descriptor")));
  }
  EXPECT_EQ(calls, 0);
  server_.Stop();
}

TEST_F(BenchOutputTest, AReportOfNoRunLeavesNothing) {
  const std::string file = dir_.Path("report.html");
  EXPECT_EQ(RunClient({dir_.Path("nobody"), "--bench", "--report=" + file}).exit_code, 3);
  EXPECT_FALSE(std::ifstream(file).is_open());
}

TEST_F(BenchOutputTest, TheReportMayGoToStandardOutput) {
  const Ended result = Bench({"--count=10", "--report=-"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, testing::StartsWith("<!doctype html>"));
  EXPECT_THAT(result.out, testing::EndsWith("</html>\n"));
  EXPECT_THAT(result.err, HasSubstr("throughput")) << "the summary, where it disturbs nothing";
}

TEST_F(BenchOutputTest, AReportOfFailuresDrawsNothing) {
  server_.service.echo = [](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    return grpc::Status(grpc::StatusCode::ABORTED, "<no>");
  };
  const Ended result = Bench({"--count=10", "--report=-"});
  EXPECT_EQ(result.exit_code, 74);
  EXPECT_THAT(result.out, HasSubstr("no call succeeded"));
  EXPECT_THAT(result.out, HasSubstr("&lt;no&gt;"));
  EXPECT_THAT(result.out, Not(HasSubstr("<svg")));
  EXPECT_THAT(result.out, Not(HasSubstr("0.000 ms")));
}

}  // namespace
}  // namespace udsecho::client
