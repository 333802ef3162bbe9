// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/client/run_client.h"

#include <thread>

#include "client/run.h"
#include "tests/client/pipe.h"

namespace udsecho::client {

Ended RunClient(const std::vector<std::string>& arguments, const std::string& input,
                Interrupt* interrupt) {
  Pipe in;
  Pipe out;
  Pipe err;
  // A pipe holds less than some tests send, and less than some replies have.
  std::thread writer([&] {
    in.Write(input);
    in.CloseWriter();
  });
  Ended result;
  std::thread reader([&] { result.out = out.ReadAll(); });
  std::vector<const char*> argv = {"client"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  result.exit_code = Run(static_cast<int>(argv.size()), argv.data(),
                         {in.reader(), out.writer(), err.writer(), interrupt});
  in.ReadAll();  // what the client did not want
  writer.join();
  out.CloseWriter();
  reader.join();
  result.err = err.CloseWriterAndReadAll();
  return result;
}

testing::Matcher<std::string> OneLine() {
  return testing::AllOf(testing::StartsWith("client: "), testing::MatchesRegex("[^\n]*\n"));
}

}  // namespace udsecho::client
