// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/command_line/flags.h"

#include "absl/strings/str_cat.h"
#include "cli/completion.h"
#include "cli/program.h"

namespace udsecho::client {
namespace {

// The lines of one heading in --help.
class Group {
 public:
  Group(CLI::App* app, const char* name) : app_(*app), name_(name) {}

  template <class Value>
  void Option(const char* flag, const char* value, Value* into, const std::string& text) {
    app_.add_option(flag, *into, text)->type_name(value)->group(name_);
  }
  void List(const char* flag, const char* value, std::vector<std::string>* into, const char* text) {
    app_.add_option(flag, *into, text)->type_name(value)->group(name_);
  }
  // A flag without a value, or with one after '=' alone.
  template <class Value>
  void Flag(const char* flag, Value* into, const char* text, const char* value = "") {
    app_.add_flag(flag, *into, text)->type_name(value)->group(name_);
  }

 private:
  CLI::App& app_;
  const char* const name_;
};

void DeclareCalling(CLI::App* app, RawOptions* raw) {
  Group group(app, "Call");
  group.Option("--call", "METHOD", &raw->call,
               "a method of any service, by reflection: pkg.Service/Method, or its end");
  group.List("-d,--data", "TEXT|@FILE", &raw->data,
             "its request as JSON; several make a stream, or a call each. @-: standard input");
  group.Flag("--describe", &raw->describe, "a service, a method or a type, as .proto and JSON",
             "[=NAME]");
  group.List("--protoset", "FILE", &raw->protosets,
             "a descriptor set, for servers without reflection. May be repeated");
  group.Flag("--print_grpcurl", &raw->print_grpcurl,
             "print the same call for grpcurl, and call nothing");
  group.Flag("--unordered", &raw->unordered, "with --concurrency: replies as they come");
  group.Flag("--keep_going", &raw->keep_going, "make the next unary call though one failed");
}

void DeclareSending(CLI::App* app, RawOptions* raw) {
  Group group(app, "Send");
  group.Option("--shape", "unary|expand|collect|chat", &raw->shape,
               "the method to call. Default: unary for MESSAGEs, chat for standard input");
  group.Option("--count", "N", &raw->count, "send each message N times; with expand: N replies");
  group.Option("--interval", "TIME", &raw->interval,
               "wait between messages, and time each reply as ping does");
  group.Option("--payload", "TEXT|@FILE", &raw->payload, "bytes to go with each message");
  group.Option("--delay", "TIME", &raw->delay, "have the server wait before each answer");
  group.Option("--fault", "CODE[:TEXT]", &raw->fault,
               "have the server fail: UNAVAILABLE, 14, not_found:text ...");
  group.Option("--fault_after", "N", &raw->fault_after, "on a stream: after N messages");
  group.List("-H,--metadata", "KEY:VALUE|@FILE", &raw->metadata,
             "a header, or a file of them; of KEY-bin in base64. May be repeated");
  group.Option("--compression", "gzip|deflate|none", &raw->compression,
               "of requests, and asked for in replies");
  group.Option(
      "--retry", "N|JSON|@FILE", &raw->retry,
      "calls that are UNAVAILABLE once more, N attempts in all; or as gRPC's retryPolicy or "
      "service config says");
}

void DeclareConnecting(CLI::App* app, RawOptions* raw) {
  Group group(app, "Connect");
  group.Option("--timeout", "TIME", &raw->timeout,
               "for the connection, and then for each reply: 500ms, 1m30s, inf. Default: 5s");
  group.Flag("--wait", &raw->wait,
             "wait for the server to be there, for ever or for TIME; with --health, to serve",
             "[=TIME]");
  group.Flag("--keepalive", &raw->keepalive,
             "ping an idle connection, each 10s or TIME; no answer: it is lost", "[=TIME]");
  group.Option("--authority", "NAME", &raw->authority,
               "the :authority. Default: localhost, or HOST:PORT");
}

void DeclarePrinting(CLI::App* app, RawOptions* raw) {
  Group group(app, "Print");
  group.Option("-o,--output", "FILE", &raw->output,
               "write the payloads of replies there; -: standard output");
  group.Flag("--json", &raw->json, "an object a line: reply, time, headers, trailers, status");
  group.Flag("-v,--verbose", &raw->verbose,
             "tell on standard error what is sent, headers, trailers, times");
  group.Flag("--emit_defaults", &raw->emit_defaults,
             "with --call: fields of replies too that have no value");
}

void DeclareAsking(CLI::App* app, RawOptions* raw) {
  Group group(app, "Ask");
  group.Flag("--health", &raw->health, "is it serving? (grpc.health.v1)", "[=SERVICE]");
  group.Flag("--watch", &raw->watch, "with --health: a line for each change, until Ctrl-C");
  group.Flag("--whoami", &raw->whoami, "who you are to the server, and what reaches it");
  group.Flag("--list", &raw->list, "its services and methods, by reflection");
  group.Flag("--stats", &raw->stats, "what it has counted (its own user and root)");
  group.Flag("--connections", &raw->connections, "who is connected; with --bench: use N", "[=N]");
  group.Flag("--shutdown", &raw->shutdown, "stop it; calls in flight may go on for TIME",
             "[=TIME]");
}

void DeclareBench(CLI::App* app, RawOptions* raw) {
  Group group(app, "Load");
  group.Flag("--bench", &raw->bench, "measure throughput and latency, of any --shape or --call");
  group.Option("--duration", "TIME", &raw->duration, "Default: 10s, or --count calls");
  group.Option("--warmup", "TIME", &raw->warmup, "not counted. Default: 1s");
  group.Option("-c,--concurrency", "N", &raw->concurrency, "calls in flight. Default: 64");
  group.Option(
      "--rate", "N|N..N/TIME", &raw->rate,
      "calls a second, or a ramp: 100..1000/30s. Each is timed from when it was due; exit code 5 "
      "if missed");
  group.Option("--size", "BYTES", &raw->size, "of the message: 64, 16KiB, 1MiB. Default: 64");
  group.Option("--stream_length", "N", &raw->stream_length,
               "messages a call that streams. Default: 8, or all of --data");
  group.Option("--threads", "N", &raw->threads, "that send. Default: 1");
  group.Option(
      "--report", "FILE", &raw->report,
      "a page with diagrams, as HTML; -: standard output, and the summary, --json or --csv goes to "
      "standard error");
  group.Option(
      "--compare", "FILE", &raw->compare,
      "with an earlier run, which --json printed: in the summary, and beside it on the page");
  group.Option("--fail_if", "CONDITIONS", &raw->fail_if,
               "such as 'p99>5ms,errors>0.1%,rate<1000,missed'; exit code 6 if one is true");
  group.Flag("--csv", &raw->csv, "for a spreadsheet: the run in a line, or its points in time",
             "[=summary|points]");
}

void DeclareHelp(CLI::App* app, RawOptions* raw) {
  Group group(app, "Help");
  group.Flag("-h,--help", &raw->help, "this screen, or all there is to say", "[=all]");
  group.Flag("--version", &raw->version, "the client's version, and gRPC's");
  group.Option(
      "--completion", cli::kShells, &raw->completion,
      absl::StrCat("a script for the shell: source <(", cli::ClientName(), " --completion=bash)"));
}

}  // namespace

void DeclareFlags(CLI::App* app, RawOptions* raw) {
  app->set_help_flag();
  DeclareSending(app, raw);
  DeclareCalling(app, raw);
  DeclareConnecting(app, raw);
  DeclarePrinting(app, raw);
  DeclareAsking(app, raw);
  DeclareBench(app, raw);
  DeclareHelp(app, raw);
}

}  // namespace udsecho::client
