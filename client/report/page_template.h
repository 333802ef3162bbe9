// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The page without what was measured. Words that begin with '$' stand for that.
//
// Thread safety: a constant.

#ifndef CLIENT_REPORT_PAGE_TEMPLATE_H_
#define CLIENT_REPORT_PAGE_TEMPLATE_H_

namespace udsecho::client {

// Colours c0 to c5 differ in lightness too, and each line has a dash of its own, for those who see
// few colours and for grey paper.
inline constexpr char kPageTemplate[] = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$TITLE</title>
<style>
:root { --text: #1b1f24; --quiet: #59636e; --back: #ffffff; --panel: #f6f8fa; --rule: #d1d9e0;
        --warn: #9a3b00; --good: #116329; --c0: #0b63c5; --c1: #c24e00; --c2: #3c3f44;
        --c3: #b264b2; --c4: #33c49a; --c5: #d9a400; }
@media screen and (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --quiet: #9aa4af; --back: #0d1117; --panel: #161b22; --rule: #30363d;
          --warn: #ffa657; --good: #56d364; --c0: #58a6ff; --c1: #ff9d4d; --c2: #9aa4af;
          --c3: #d2a8ff; --c4: #2a8f6c; --c5: #fff3a0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem 3rem; max-width: 52rem; color: var(--text);
       background: var(--back); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; line-height: 1.3; margin: 0; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; color: var(--quiet); }
code { font: .85rem/1.5 ui-monospace, monospace; }
.note { color: var(--warn); } .flag { white-space: nowrap; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 1rem 0;
         font-size: .9rem; }
.facts dt { color: var(--quiet); } .facts dd { margin: 0; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .6rem;
           margin: 1.25rem 0; }
.numbers div { background: var(--panel); border: 1px solid var(--rule); border-radius: 6px;
               padding: .5rem .75rem; }
.numbers dt { color: var(--quiet); font-size: .85rem; }
.numbers dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
figure { margin: 0; background: var(--panel); border: 1px solid var(--rule); border-radius: 6px;
         padding: .5rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--quiet); font: 12px system-ui, sans-serif; }
.narrow { display: none; }
.grid { stroke: var(--rule); } .axis { stroke: var(--quiet); }
.c0 { --c: var(--c0); } .c1 { --c: var(--c1); } .c2 { --c: var(--c2); } .c3 { --c: var(--c3); }
.c4 { --c: var(--c4); } .c5 { --c: var(--c5); } .target { --c: var(--text); }
.line { fill: none; stroke: var(--c); stroke-width: 1.75; stroke-linejoin: round; }
.d1 { stroke-dasharray: 7 3; } .d2 { stroke-dasharray: 2 3; }
.area { fill: var(--c); opacity: .12; } .dot { fill: var(--c); }
.bar { fill: var(--c); stroke: var(--panel); stroke-width: .75; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; margin: 0; padding: .1rem .4rem;
          list-style: none; color: var(--quiet); font-size: .85rem; }
.legend li { display: flex; align-items: center; gap: .4rem; }
svg.key { width: 28px; height: 12px; flex: none; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
td, th { padding: .2rem 1.25rem .2rem 0; text-align: right; font-weight: normal;
         vertical-align: top; white-space: nowrap; }
th { color: var(--quiet); } th:first-child, td.why { text-align: left; }
td.why, th:first-child { white-space: normal; } th:first-child { min-width: 3.5rem; }
td.why { color: var(--quiet); padding-bottom: .6rem; }
.good { color: var(--good); } .bad { color: var(--warn); }
@media screen and (max-width: 34rem) {
  body { padding: 1rem .6rem 2rem; } h1 { font-size: 1.2rem; }
  .wide { display: none; } .narrow { display: block; }
  figure { padding: .4rem .2rem; } .numbers { grid-template-columns: 1fr 1fr; }
  .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .4rem; }
  td, th { padding-right: .6rem; } td.said { padding-right: 0; } .more { display: none; } table { font-size: .82rem; } }
@media print {
  body { padding: 0; max-width: none; font-size: 12px; } h2 { break-after: avoid; }
  section, figure, .numbers { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
</style>
</head>
<body>
<h1>$TITLE</h1>
<p>$SETTING</p>
$NOTES<dl class="numbers">
$NUMBERS</dl>
$COMPARISON$VERDICTS$DIAGRAMS$CODES<section>
<h2>The run</h2>
<dl class="facts">
$FACTS</dl>
</section>
</body>
</html>
)";

}  // namespace udsecho::client

#endif  // CLIENT_REPORT_PAGE_TEMPLATE_H_
