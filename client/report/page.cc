// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/report/page.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "client/bench/summary.h"
#include "client/report/comparison.h"
#include "client/report/diagram.h"
#include "client/report/diagrams.h"
#include "client/report/page_template.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

std::string Section(const char* title, const std::string& html) {
  return absl::StrCat("<section>\n<h2>", title, "</h2>\n", html, "</section>\n");
}

// Browsers would break "--threads" after its hyphens.
std::string Note(const std::string& sentence) {
  constexpr size_t kLongestFlag = 20;
  std::vector<std::string> words;
  for (const absl::string_view word : absl::StrSplit(sentence, ' ')) {
    std::string html = Escaped(std::string(word));
    if (absl::StartsWith(word, "--") && word.size() <= kLongestFlag) {
      html = absl::StrCat("<span class=\"flag\">", html, "</span>");
    }
    words.push_back(std::move(html));
  }
  return absl::StrCat("<p class=\"note\">", absl::StrJoin(words, " "), "</p>\n");
}

std::string Number(const char* name, const std::string& value) {
  return absl::StrCat("<div><dt>", name, "</dt><dd>", value, "</dd></div>\n");
}

std::string Share(double part, double whole) {
  return absl::StrFormat("%.3g %%", whole > 0 ? 100 * part / whole : 0.0);
}

std::string Numbers(const Record& run) {
  std::string numbers = Number("calls/s", CountText(run.calls_per_second));
  if (run.rate > 0) {
    const std::string from = run.ramp_s > 0 ? absl::StrCat(AxisNumber(run.rate_from), " to ") : "";
    absl::StrAppend(&numbers, Number("target calls/s", from + AxisNumber(run.rate)));
  }
  if (run.latency.has_value()) {
    const RecordLatency& latency = *run.latency;
    for (const auto& [name, value] :
         {std::pair("p50", latency.p50), std::pair("p90", latency.p90),
          std::pair("p95", latency.p95), std::pair("p99", latency.p99),
          std::pair("p99.9", latency.p99_9), std::pair("p99.99", latency.p99_99),
          std::pair("max", latency.max), std::pair("mean", latency.mean)}) {
      absl::StrAppend(&numbers, Number(name, LatencyText(value)));
    }
  }
  // As many as calls: they would say nothing new.
  if (run.messages_received_per_second > 1.001 * run.calls_per_second) {
    absl::StrAppend(&numbers, Number("replies/s", CountText(run.messages_received_per_second)));
  }
  absl::StrAppend(&numbers, Number("calls", Thousands(run.calls)),
                  Number("errors", Thousands(run.failed())));
  if (run.rate > 0) absl::StrAppend(&numbers, Number("due, not sent", Thousands(run.not_sent)));
  absl::StrAppend(&numbers, Number("client CPU", absl::StrFormat("%.0f %%", 100 * run.Cores())));
  return numbers;
}

std::string Fact(const char* name, const std::string& html) {
  return absl::StrCat("<dt>", name, "</dt><dd>", html, "</dd>\n");
}

std::string CommandHtml(const Record& run) {
  return absl::StrCat("<code>", Escaped(run.command), "</code>");
}

std::string HostText(const Record& run) {
  std::string host = absl::StrFormat("%.0f core%s", run.cores, run.cores == 1 ? "" : "s");
  for (const std::string& each : {run.cpu, run.kernel}) {
    if (!each.empty()) absl::StrAppend(&host, ", ", each);
  }
  return host;
}

std::string VersionsText(const Record& run) {
  return absl::StrCat("client ", run.client, ", gRPC ", run.grpc);
}

std::string TimeText(const Record& run) {
  return absl::StrFormat("%.4g s after %g s of warm-up", run.duration_s, run.warmup_s);
}

// "2026-11-28 19:03:25 UTC"; what is no date of ours is shown as it is.
std::string DateText(const Record& run) {
  absl::Time began;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, run.began, &began, &error)) return run.began;
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", began, absl::UTCTimeZone());
}

std::string Facts(const Runs& runs) {
  const Record& run = runs.now;
  std::string facts = absl::StrCat(
      Fact("command", CommandHtml(run)), Fact("method", Escaped(run.method)),
      Fact("date", Escaped(DateText(run))), Fact("duration", TimeText(run)),
      Fact("host", Escaped(HostText(run))), Fact("versions", Escaped(VersionsText(run))));
  if (runs.before == nullptr) return facts;
  const Record& before = *runs.before;
  absl::StrAppend(&facts, Fact("command before", CommandHtml(before)),
                  Fact("address before", Escaped(before.address)),
                  Fact("date before", Escaped(DateText(before))),
                  Fact("duration before", TimeText(before)),
                  Fact("host before", Escaped(HostText(before))),
                  Fact("versions before", Escaped(VersionsText(before))));
  return facts;
}

std::string VerdictCells(const Difference& difference) {
  const std::string noise = difference.noise.has_value()
                                ? absl::StrFormat("<td class=\"more\">±%.*f %%</td>",
                                                  *difference.noise < 10 ? 1 : 0, *difference.noise)
                                : "<td class=\"more\"></td>";
  switch (difference.verdict) {
    case Difference::Verdict::kNoise:
      return absl::StrCat("<td class=\"said\">noise</td>", noise);
    case Difference::Verdict::kUnsteady:
      return absl::StrCat("<td class=\"said\">unsteady</td>", noise);
    case Difference::Verdict::kBetter:
      return absl::StrCat("<td class=\"said good\">better</td>", noise);
    case Difference::Verdict::kWorse:
      return absl::StrCat("<td class=\"said bad\">worse</td>", noise);
    case Difference::Verdict::kNone:
      break;
  }
  return absl::StrCat("<td class=\"said\"></td>", noise);
}

std::string ComparisonSection(const Runs& runs) {
  if (runs.before == nullptr) return "";
  const Comparison comparison = Compare(*runs.before, runs.now);
  std::string html;
  if (!comparison.obstacles.empty()) {
    absl::StrAppend(&html, Note("The two runs are not comparable, because they did other things:"));
  }
  for (const std::string& each : comparison.obstacles) absl::StrAppend(&html, Note(each));
  for (const std::string& each : comparison.cautions) {
    absl::StrAppend(&html, Note(absl::StrCat("Mind ", each)));
  }
  absl::StrAppend(&html,
                  "<table>\n<tr><th></th><th>before</th><th>now</th><th>difference</th>"
                  "<th></th><th class=\"more\">noise up to</th></tr>\n");
  for (const Difference& each : comparison.differences) {
    const std::string percent = each.percent.has_value() ? PercentText(*each.percent) : "";
    absl::StrAppend(&html, "<tr><th>", each.name, "</th><td>", each.before, "</td><td>", each.now,
                    "</td><td>", percent, "</td>", VerdictCells(each), "</tr>\n");
  }
  absl::StrAppend(&html, "</table>\n");
  if (comparison.obstacles.empty()) {
    absl::StrAppend(&html,
                    "<p>Noise is twice the spread of the tenths of a run, of that run where it is "
                    "larger; with more than 100 %, a run is too unsteady to judge. p99.99 and max "
                    "are a few calls, and are not judged; nor is a run of "
                    "less than a second.</p>\n");
  }
  return Section("Compared with the run before", html);
}

std::string ValueText(const RecordVerdict& verdict) {
  if (!verdict.value.has_value()) return "not measured";
  if (verdict.unit == "us") return LatencyText(*verdict.value);
  if (verdict.unit == "%") return absl::StrFormat("%.3g %%", *verdict.value);
  return absl::StrCat(AxisNumber(*verdict.value), " ", verdict.unit);
}

std::string VerdictsSection(const Record& run) {
  if (run.verdicts.empty()) return "";
  std::string rows;
  for (const RecordVerdict& verdict : run.verdicts) {
    absl::StrAppend(&rows, "<tr><th>", Escaped(verdict.condition), "</th><td>",
                    Escaped(ValueText(verdict)), "</td><td class=\"",
                    verdict.failed ? "bad\">failed" : "good\">passed", "</td></tr>\n");
  }
  return Section("Conditions (--fail_if)", absl::StrCat("<table>\n", rows, "</table>\n"));
}

std::string CodesSection(const Runs& runs) {
  const Record& run = runs.now;
  const double ended = run.calls + run.failed();
  const auto row = [&](const std::string& code, double calls, double before) {
    std::string cells = absl::StrCat("<tr><th>", Escaped(code), "</th><td>", CountText(calls),
                                     "</td><td>", Share(calls, ended), "</td>");
    if (runs.before != nullptr) absl::StrAppend(&cells, "<td>", CountText(before), "</td>");
    return absl::StrCat(cells, "</tr>\n");
  };
  const int columns = runs.before != nullptr ? 4 : 3;
  const auto before_of = [&](const std::string& code) {
    if (runs.before == nullptr) return 0.0;
    for (const RecordErrors& each : runs.before->errors) {
      if (each.code == code) return each.calls;
    }
    return 0.0;
  };
  std::string rows = absl::StrCat(
      "<tr><th></th><th>calls</th><th>share</th>", runs.before != nullptr ? "<th>before</th>" : "",
      "</tr>\n", row("OK", run.calls, runs.before != nullptr ? runs.before->calls : 0));
  std::vector<RecordErrors> all = run.errors;
  if (runs.before != nullptr) {
    for (const RecordErrors& each : runs.before->errors) {
      const bool known = std::any_of(run.errors.begin(), run.errors.end(),
                                     [&](const auto& other) { return other.code == each.code; });
      if (known) continue;
      all.push_back(each);
      all.back().calls = 0;
    }
  }
  for (const RecordErrors& each : all) {
    absl::StrAppend(&rows, row(each.code, each.calls, before_of(each.code)));
    if (each.first.empty()) continue;
    absl::StrAppendFormat(&rows, "<tr><td class=\"why\" colspan=\"%d\">the first: %s</td></tr>\n",
                          columns, Escaped(each.first));
  }
  return Section("Calls by status", absl::StrCat("<table>\n", rows, "</table>\n"));
}

// None where there is nothing to draw: axes of nothing would be made up.
std::string DiagramsOf(const Result& result, const Runs& runs) {
  std::string html;
  if (!runs.now.latency.has_value()) {
    html = Note(
        absl::StrCat(NothingText(result), ": there are no latency and no throughput to draw."));
  }
  return absl::StrCat(html, Diagrams(runs));
}

}  // namespace

std::string ReportPage(const Result& result, const std::optional<Record>& before) {
  // The page is drawn from what --json prints, of today's run as of an earlier one.
  const absl::StatusOr<Record> now = RecordOf(SummaryJson(result), "this run");
  if (!now.ok()) {
    return absl::StrCat("<!doctype html>\n<title>no report</title>\n",
                        Note(std::string(now.status().message())));
  }
  const Runs runs{.now = *now, .before = before.has_value() ? &*before : nullptr};
  std::string notes;
  for (const std::string& sentence : now->notes) absl::StrAppend(&notes, Note(sentence));
  if (now->interrupted) absl::StrAppend(&notes, Note("Ctrl-C ended the run early"));
  return absl::StrReplaceAll(kPageTemplate, {{"$TITLE", Escaped(now->address)},
                                             {"$SETTING", Escaped(uds::Printable(Setting(result)))},
                                             {"$NOTES", notes},
                                             {"$NUMBERS", Numbers(*now)},
                                             {"$COMPARISON", ComparisonSection(runs)},
                                             {"$VERDICTS", VerdictsSection(*now)},
                                             {"$DIAGRAMS", DiagramsOf(result, runs)},
                                             {"$CODES", CodesSection(runs)},
                                             {"$FACTS", Facts(runs)}});
}

}  // namespace udsecho::client
