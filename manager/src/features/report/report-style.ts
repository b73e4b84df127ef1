/**
 * The report's whole style: it is a file of its own, so nothing of the pages' is there. On paper it is always light.
 */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --page: #fff; --text: #1a2330; --quiet: #525d6c; --line: #dce1e7; --grid: #e7eaee; --sunken: #f5f6f8;
  --cpu: #3457d5; --requests: #0b7379; --latency: #8a4799; --queue: #915c00;
  --serving: #3457d5; --existing: #b9c6f2; --desired: #1a2330; --unknown: #7d879733;
  --grow: #0a6b52; --shrink: #0b6288; --manual: #7a3f8c; --replaced: #ad2a10; --policy: #525d6c; --warn: #835000;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #0f141a; --text: #dbe2ea; --quiet: #a7b2c0; --line: #2e3946; --grid: #232d38; --sunken: #171e27;
    --cpu: #93adff; --requests: #57c3c9; --latency: #cf9adb; --queue: #e0ad57;
    --serving: #6d8cf5; --existing: #2f4079; --desired: #dbe2ea; --unknown: #7d879744;
    --grow: #5ecfac; --shrink: #6cc4ec; --manual: #cf9adb; --replaced: #ff9b85; --policy: #a7b2c0; --warn: #f0b95b;
  }
}
@page { margin: 14mm }
* { box-sizing: border-box }
body {
  margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 3rem; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif;
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .25rem; padding-top: 1rem; border-top: 1px solid var(--line) }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem }
p { margin: .25rem 0 }
.quiet { color: var(--quiet) }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .9rem }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top }
th { font-weight: 600; color: var(--quiet) }
.number { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap }
th.number { white-space: normal; vertical-align: bottom }
th + .number, td + .number { padding-inline-start: .6rem }
.nowrap { white-space: nowrap }
figure { margin: .75rem 0 0 }
figcaption { font-weight: 600 }
.key { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; margin: 0; padding: 0; list-style: none; font-size: .85rem; color: var(--quiet) }
.sample { display: inline-block; width: 1.1rem; height: .55rem; margin-inline-end: .35rem; border-radius: 2px; vertical-align: baseline }
.sample-serving { background: var(--serving) } .sample-existing { background: var(--existing) }
.sample-unknown { background: var(--unknown); outline: 1px solid var(--line) }
.sample-desired, .sample-threshold { height: 0; border-top: 2px dashed var(--desired); border-radius: 0; vertical-align: middle }
.sample-threshold { border-color: var(--warn) }
.chart { display: block; width: 100%; height: auto; print-color-adjust: exact; -webkit-print-color-adjust: exact }
.sample { print-color-adjust: exact; -webkit-print-color-adjust: exact }
.grid { stroke: var(--grid); fill: none }
.tick { fill: var(--quiet); font-size: 11px }
.tick-value { text-anchor: end } .tick-time { text-anchor: middle }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round }
.line-cpu { stroke: var(--cpu) } .line-requests { stroke: var(--requests) }
.line-latency { stroke: var(--latency) } .line-queue { stroke: var(--queue) }
.area-serving { fill: var(--serving) } .area-existing { fill: var(--existing) }
.desired { fill: none; stroke: var(--desired); stroke-width: 1.4; stroke-dasharray: 5 3 }
.threshold { fill: none; stroke: var(--warn); stroke-dasharray: 5 3 }
.unknown { fill: var(--unknown) }
.mark path { stroke: var(--mark); stroke-width: 1; stroke-dasharray: 1 2; fill: none }
.mark text { fill: var(--mark); font-size: 11px; font-weight: 700; text-anchor: middle }
.mark-G { --mark: var(--grow) } .mark-S { --mark: var(--shrink) } .mark-M { --mark: var(--manual) }
.mark-R { --mark: var(--replaced) } .mark-P { --mark: var(--policy) }
.word { color: var(--mark); font-weight: 600; white-space: nowrap }
.bad { color: var(--replaced); font-weight: 600 } .warn { color: var(--warn); font-weight: 600 }
.empty { padding: 1rem; background: var(--sunken); color: var(--quiet); text-align: center }
figure, tr, .alert { break-inside: avoid }
h2, h3 { break-after: avoid }
@media print {
  body { max-width: none; padding: 0; font-size: 10.5pt }
  .scroll { overflow: visible }
}
@media screen and (max-width: 34rem) {
  body { padding: 1.25rem .8rem }
  .stacks thead { display: none }
  .stacks tr { display: block; padding: .4rem 0; border-bottom: 1px solid var(--line) }
  .stacks td { display: inline; padding: 0 .6rem 0 0; border: 0 }
  .stacks td:nth-child(n + 3) { display: block; padding: 0 }
}
`;
