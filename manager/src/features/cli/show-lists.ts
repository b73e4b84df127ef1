import { formatNumber } from "@elastic-gas/shared/format/numbers";
import { formatRelease } from "@elastic-gas/shared/releases/format-release";
import type { z } from "zod";
import type {
  ApiActivity,
  ApiDeadLetter,
  ApiDecision,
  ApiPolicy,
  ApiPolicyVersion,
  ApiReleases,
} from "../api/schemas.ts";
import { table } from "./table.ts";
import { inZone, localTime } from "./times.ts";

export function showActivities(activities: readonly z.infer<typeof ApiActivity>[]): string {
  if (activities.length === 0) return "Nothing changed in this time.\n";
  const rows = activities.map(({ at, pool, actor, desiredBefore, desiredAfter, status, reason }) => [
    localTime(at),
    pool,
    desiredBefore === desiredAfter ? String(desiredAfter) : `${desiredBefore} → ${desiredAfter}`,
    actor,
    status,
    reason,
  ]);
  return table([inZone("TIME"), "POOL", "DESIRED", "BY", "STATUS", "REASON"], rows);
}

export function showDecisions(decisions: readonly z.infer<typeof ApiDecision>[]): string {
  if (decisions.length === 0) return "No checks in this time.\n";
  const rows = decisions.map(({ at, pool, outcome, desiredBefore, desiredAfter, inService, measured, reason }) => [
    localTime(at),
    pool,
    outcome,
    desiredBefore === desiredAfter ? String(desiredAfter) : `${desiredBefore} → ${desiredAfter}`,
    String(inService),
    measured === null ? "-" : formatNumber(measured),
    reason,
  ]);
  return table([inZone("TIME"), "POOL", "OUTCOME", "DESIRED", "IN SERVICE", "MEASURED", "REASON"], rows);
}

export function showPolicy(pool: string, { version, policy, limits }: z.infer<typeof ApiPolicy>): string {
  const rows = Object.entries({ ...policy, ...limits }).map(([name, value]) => [name, String(value)]);
  return `${pool}, policy v${version}\n\n${table(["NAME", "VALUE"], rows)}`;
}

export function showVersions(versions: readonly z.infer<typeof ApiPolicyVersion>[]): string {
  if (versions.length === 0) return "Never changed.\n";
  const rows = versions.map(({ version, at, actor, difference }) => [`v${version}`, localTime(at), actor, difference]);
  return table(["VERSION", inZone("SAVED"), "BY", "WHAT"], rows);
}

export function showReleases({ current, releases, active, past }: z.infer<typeof ApiReleases>): string {
  const change = ({ from, to }: { readonly from: string | null; readonly to: string }) =>
    `${from === null ? "" : `${formatRelease(from)} → `}${formatRelease(to)}`;
  const published = table(
    ["RELEASE", inZone("PUBLISHED"), "BY", ""],
    releases.map(({ id, publishedAt, publishedBy }) => [
      formatRelease(id),
      localTime(publishedAt),
      publishedBy,
      id === current ? "in use" : "",
    ]),
  );
  const underWay =
    active === null
      ? ""
      : `\nUpdate ${change(active)}, ${active.state}${active.why === null ? "" : `: ${active.why}`}\n\n${table(
          ["POOL", "NOW"],
          active.pools.map(({ pool, step }) => [pool, step]),
        )}`;
  const rows = past.map((each) => [
    localTime(each.startedAt),
    change(each),
    each.startedBy,
    each.state,
    each.why ?? "",
  ]);
  return `${published}${underWay}${rows.length === 0 ? "" : `\n${table([inZone("BEGUN"), "UPDATE", "BY", "RESULT", "WHY"], rows)}`}`;
}

export function showDeadLetters(letters: readonly z.infer<typeof ApiDeadLetter>[]): string {
  if (letters.length === 0) return "No dead letters: every message was handled.\n";
  const rows = letters.map(({ id, at, queue, outcome, reason }) => [
    String(id),
    localTime(at),
    queue,
    outcome,
    reason ?? "-",
  ]);
  return table(["ID", inZone("TIME"), "QUEUE", "OUTCOME", "WHY"], rows);
}
