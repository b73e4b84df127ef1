import type { Check, Figure } from "../prove/proof.ts";
import { count, sinceStart, table, timeSpan } from "../prove/words.ts";
import type { Evidence, FaultRecord } from "./evidence.ts";
import { checkInvariants, inForce, type Outcome, ruleOfThree } from "./invariants.ts";

const SHOWN_FAILURES = 5;

/** Faults that no step of this command makes, and what looks at them instead. */
const NEVER_RUN: readonly (readonly [string, string])[] = [
  [
    "a clock that is wrong in local-cloud, MariaDB or a worker",
    "only autoscaler and manager get one here: AWS refuses what is signed 15 min early or late, as local-cloud does (local-cloud/src/wire/auth)",
  ],
  [
    "kill -9 between any two steps of archive, restore and thaw",
    "annotator/src/lifecycle/archive-cycle.test.ts dies at each step; here the utility worker is killed at any moment",
  ],
];

export interface RunFacts {
  readonly evidence: Evidence;
  readonly startedAt: number;
  readonly seed: number;
  readonly form: string;
  /** Faults of other forms of this command. */
  readonly leftOut: readonly string[];
}

export function invariantChecks(evidence: Evidence): readonly Check[] {
  return checkInvariants(evidence).map((outcome) => ({
    what: outcome.name,
    measured: measuredWords(outcome),
    // What nothing tried is not shown to hold, but nor is it broken: the words say so.
    ok: outcome.failures.length === 0,
  }));
}

function measuredWords(outcome: Outcome): string {
  const { n, failures } = outcome;
  if (n === 0) return "n = 0, not tried in this run";
  const bound = ruleOfThree(outcome);
  if (bound !== null) return `n = ${count(n)}, 0 failures, 3/n = ${formatShare(bound)}`;
  const shown = failures.slice(0, SHOWN_FAILURES).join("; ");
  return `n = ${count(n)}, ${failures.length} failures: ${shown}${failures.length > SHOWN_FAILURES ? "; ..." : ""}`;
}

export function runFigures({ evidence, startedAt, seed, form }: RunFacts): readonly Figure[] {
  const { requests, submissions, payments, downloads, final, faults } = evidence;
  const answered = requests.filter(({ status }) => status !== null && status < 500).length;
  const mailed = new Set(final.mails.map(({ jobId }) => jobId)).size;
  return [
    {
      label: "invariants broken",
      value: String(checkInvariants(evidence).filter((each) => each.failures.length).length),
    },
    { label: "faults", value: `${inForce(faults).length} of ${faults.length}` },
    { label: "jobs", value: count(submissions.length) },
    {
      label: "requests",
      value: `${count(requests.length)}, ${percentOf(answered, requests.length)} answered below 500`,
    },
    { label: "downloads", value: count(downloads.length) },
    { label: "payments", value: count(payments.length) },
    { label: "mails beyond the first of a job", value: count(final.mails.length - mailed) },
    { label: "form", value: form },
    { label: "seed", value: String(seed) },
    { label: "length", value: timeSpan(Date.now() - startedAt) },
  ];
}

export function runDetails({ evidence, startedAt, leftOut }: RunFacts): string {
  const rows = evidence.faults.map((fault) => [
    sinceStart(fault.from, startedAt),
    fault.name,
    fault.notMade === null ? timeSpan(fault.to - fault.from) : `not made: ${fault.notMade}`,
    fault.hits === null ? "" : count(fault.hits),
    failedRequests(evidence, fault),
    toldOf(evidence, fault),
  ]);
  return [
    "## Faults",
    "Calls hit are those of the service that came while the fault was in force; a short one may find none. Requests are those of pages that were sent while the fault was in force. Faults that overlap share them.",
    table(["at", "fault", "lasted", "calls hit", "page requests that failed", "told of first"], rows),
    "## Not run",
    table(
      ["fault", "why, and what looks at it"],
      NEVER_RUN.map(([what, why]) => [what, why]),
    ),
    ...(leftOut.length === 0
      ? []
      : [
          `${count(leftOut.length)} more belong to another form of this command, or were not reached in this run's time.`,
        ]),
  ].join("\n\n");
}

function failedRequests({ requests }: Evidence, { from, to }: FaultRecord): string {
  const own = requests.filter(({ kind, at }) => /page/.test(kind) && at >= from && at <= to);
  const failed = own.filter(({ status }) => status !== 200);
  return own.length === 0 ? "" : `${failed.length} of ${own.length}`;
}

function toldOf({ told }: Evidence, { from, to }: FaultRecord): string {
  return told.find(({ at }) => at >= from && at <= to + 60_000)?.what ?? "";
}

function formatShare(share: number): string {
  return `${(share * 100).toPrecision(2)}\u00a0%`;
}

function percentOf(part: number, whole: number): string {
  return whole === 0 ? "none" : `${((100 * part) / whole).toFixed(1)}\u00a0%`;
}
