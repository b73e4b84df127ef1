import { formatNumber, NO_BREAK_SPACE } from "@elastic-gas/shared/format/numbers";
import { POOL_NAMES, type PoolName } from "@elastic-gas/shared/resources";
import type { PolicyVersion } from "../policy/policy-version.ts";
import { describeActivity, type Mark, type Occurrence } from "./occurrence.ts";
import { outcomeOf } from "./outcome.ts";
import type { ActivityRow, DecisionRow } from "./records.ts";

export const KINDS = ["all", "grow", "shrink", "manual", "replace", "refused"] as const;
export type Kind = (typeof KINDS)[number];

export interface ListChoice {
  readonly kind: Kind;
  readonly filter: string;
  /** Puts checks without a change together into one line. */
  readonly fold: boolean;
}

/** Something that changed or was refused. */
export interface ChangeEntry {
  readonly type: "change";
  readonly id: string;
  readonly pool: PoolName;
  readonly at: number;
  readonly mark: Mark;
  readonly sentence: string;
  readonly outcome: string;
  readonly tone: Occurrence["tone"];
  /** A check that changed nothing: its sentence is grey. */
  readonly quiet: boolean;
  readonly decision: DecisionRow | null;
  readonly activities: readonly ActivityRow[];
  /** The checks before it that ended in the same way with nothing between them, newest first. */
  readonly repeats: readonly DecisionRow[];
}

/** Checks without a change, newest first. */
export interface FoldEntry {
  readonly type: "fold";
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly sentence: string;
  readonly checks: number;
  readonly rows: readonly DecisionRow[];
}

export type Entry = ChangeEntry | FoldEntry;

/** The autoscaler writes a decision and its activity at one instant; the clock may tick between. */
const SAME_CHANGE_MS = 2_000;
const QUIET_ROWS: ReadonlySet<string> = new Set(["would shrink", "shrink refused"]);

/** What the page shows, newest first. */
export function listEntries(
  found: {
    readonly decisions: readonly DecisionRow[];
    readonly activities: readonly ActivityRow[];
    readonly versions: readonly PolicyVersion[];
    /** In words what a version changed. */
    readonly describeVersion: (version: PolicyVersion) => string;
  },
  choice: ListChoice,
): readonly Entry[] {
  const attached = new Set<number>();
  const items: (ChangeEntry | DecisionRow)[] = [];
  for (const decision of found.decisions) {
    const outcome = outcomeOf(decision);
    if (decision.kind === "hold" && !QUIET_ROWS.has(outcome)) {
      items.push(decision);
      continue;
    }
    const activities = found.activities.filter(
      (activity) =>
        activity.cause === "policy" &&
        activity.pool === decision.pool &&
        Math.abs(activity.at - decision.at) <= SAME_CHANGE_MS,
    );
    for (const activity of activities) attached.add(activity.id);
    items.push(describeDecision(decision, outcome, activities));
  }
  for (const activity of found.activities) {
    if (!attached.has(activity.id)) items.push(changeOf(activity));
  }
  for (const version of found.versions) {
    if (version.version > 1) items.push(describeSaved(version, found.describeVersion(version)));
  }
  items.sort((a, b) => b.at - a.at);
  const chosen = items.filter((item) => isChosen(item, choice));
  return fold(choice.fold ? joinRepeats(chosen) : chosen, choice.fold);
}

/**
 * A refusal that comes again at each check is one row, that of the newest, until something else happens in its pool.
 */
function joinRepeats(items: readonly (ChangeEntry | DecisionRow)[]): readonly (ChangeEntry | DecisionRow)[] {
  const groups = new Map<PoolName, { readonly entry: ChangeEntry; readonly outcome: string; repeats: DecisionRow[] }>();
  const joined: (ChangeEntry | { readonly entry: ChangeEntry; readonly repeats: DecisionRow[] } | DecisionRow)[] = [];
  for (const item of items) {
    if (!("type" in item) || !item.quiet || item.decision === null) {
      groups.delete(item.pool);
      joined.push(item);
      continue;
    }
    const outcome = outcomeOf(item.decision);
    const group = groups.get(item.pool);
    if (group?.outcome === outcome) group.repeats.push(item.decision);
    else {
      const begun = { entry: item, outcome, repeats: [] };
      groups.set(item.pool, begun);
      joined.push(begun);
    }
  }
  return joined.map((item) => ("entry" in item ? { ...item.entry, repeats: item.repeats } : item));
}

function describeDecision(decision: DecisionRow, outcome: string, activities: readonly ActivityRow[]): ChangeEntry {
  const [activity] = activities;
  const done = activity === undefined ? undefined : describeActivity(activity);
  const quiet = decision.kind === "hold";
  return {
    type: "change",
    // Flags and lists elsewhere point to what was done, not to the check.
    id: done?.id ?? `d${decision.id}`,
    pool: decision.pool,
    at: decision.at,
    mark: decision.kind === "grow" ? "G" : "S",
    sentence: named(decision),
    outcome: done?.outcome ?? quietOutcome(decision, outcome),
    tone: done?.tone ?? "neutral",
    quiet,
    decision,
    activities,
    repeats: [],
  };
}

function quietOutcome({ facts, desiredAfter }: DecisionRow, outcome: string): string {
  if (outcome === "would shrink" && facts.checks != null)
    return `waits for ${facts.checks.need - facts.checks.have} more`;
  return outcome === "shrink refused" ? `stays at ${desiredAfter}` : "";
}

function changeOf(activity: ActivityRow): ChangeEntry {
  const done = describeActivity(activity);
  return { type: "change", quiet: false, decision: null, activities: [activity], repeats: [], ...done };
}

function describeSaved(version: PolicyVersion, words: string): ChangeEntry {
  return {
    type: "change",
    id: `p-${version.pool}-${version.version}`,
    pool: version.pool,
    at: version.at,
    mark: "P",
    sentence: `${version.actor} saved policy v${version.version} of ${version.pool}: ${words}.`,
    outcome: "",
    tone: "neutral",
    quiet: false,
    decision: null,
    activities: [],
    repeats: [],
  };
}

/** The sentence, with its pool where it does not name it itself. */
export function named({ pool, reason }: Pick<DecisionRow, "pool" | "reason">): string {
  if (reason.startsWith(pool)) return reason;
  return `${pool}: ${reason.slice(0, 1).toLowerCase()}${reason.slice(1)}`;
}

function isChosen(item: ChangeEntry | DecisionRow, { kind, filter }: ListChoice): boolean {
  const words = filter.trim().toLowerCase();
  if ("type" in item) {
    if (kind === "grow" && item.mark !== "G") return false;
    if (kind === "shrink" && (item.mark !== "S" || item.quiet)) return false;
    if (kind === "manual" && item.mark !== "M" && item.mark !== "P") return false;
    if (kind === "replace" && item.mark !== "R") return false;
    if (kind === "refused" && (item.decision === null || outcomeOf(item.decision) !== "shrink refused")) return false;
    const ids = item.activities.flatMap((activity) => [activity.actor, ...activity.instanceIds]).join(" ");
    return words === "" || `${item.sentence} ${item.outcome} ${ids}`.toLowerCase().includes(words);
  }
  // A limit or a missing datum refuses too, but says so in a check without a change.
  if (kind === "refused") return outcomeOf(item) === "at the limit";
  return kind === "all" && (words === "" || named(item).toLowerCase().includes(words));
}

function fold(items: readonly (ChangeEntry | DecisionRow)[], folding: boolean): readonly Entry[] {
  const entries: Entry[] = [];
  let rows: DecisionRow[] = [];
  const close = (): void => {
    if (rows.length > 0) entries.push(foldOf(rows));
    rows = [];
  };
  for (const item of items) {
    if ("type" in item) {
      close();
      entries.push(item);
    } else {
      rows.push(item);
      if (!folding) close();
    }
  }
  close();
  return entries;
}

function foldOf(rows: readonly DecisionRow[]): FoldEntry {
  const pools = POOL_NAMES.filter((pool) => rows.some((row) => row.pool === pool));
  const perPool = pools.map((pool) => rows.filter((row) => row.pool === pool));
  const times = rows.map((row) => row.at);
  return {
    type: "fold",
    id: `f${rows[0]?.id ?? 0}`,
    from: Math.min(...times),
    to: Math.max(...times),
    sentence: foldWords(rows, perPool),
    checks: rows.length,
    rows,
  };
}

function foldWords(rows: readonly DecisionRow[], perPool: readonly (readonly DecisionRow[])[]): string {
  const [only] = rows;
  if (rows.length === 1 && only !== undefined) return named(only);
  if (perPool.length > 1 && rows.every((row) => outcomeOf(row) === "no change")) return "no change in any pool.";
  const isQuiet = (each: readonly DecisionRow[]): boolean =>
    perPool.length > 1 && each.every((row) => outcomeOf(row) === "no change");
  const quiet = perPool.filter(isQuiet).map((each) => each[0]?.pool);
  const told = perPool.filter((each) => !isQuiet(each)).map((each) => `${each[0]?.pool}: ${outcomesInOrder(each)}.`);
  return [...told, ...(quiet.length === 0 ? [] : [`${quiet.join(" and ")}: no change.`])].join(" ");
}

/** "held, cooled down, then no change, mean CPU 46.5 – 47.5 %". */
function outcomesInOrder(rows: readonly DecisionRow[]): string {
  const outcomes: string[] = [];
  for (const row of rows.toReversed()) {
    const words = OUTCOME_WORDS[outcomeOf(row)] ?? outcomeOf(row);
    if (outcomes.at(-1) !== words) outcomes.push(words);
  }
  // More than four turns would read like the list itself.
  const shown = outcomes.length > 4 ? [...new Set(outcomes)] : outcomes;
  const last = shown.at(-1) ?? "";
  const words = shown.length < 2 ? last : `${shown.slice(0, -1).join(", ")}, then ${last}`;
  const measured = rows.map((row) => row.measured).filter((value) => value !== null);
  const unit = rows[0]?.facts.unit;
  if (measured.length === 0 || unit == null) return words;
  const [low, high] = [Math.min(...measured), Math.max(...measured)].map(formatNumber);
  return `${words}, ${low === high ? low : `${low} – ${high}`}${NO_BREAK_SPACE}${unit}`;
}

const OUTCOME_WORDS: Readonly<Record<string, string>> = {
  holding: "held",
  "cooling down": "cooled down",
  "at the limit": "at the limit",
};
