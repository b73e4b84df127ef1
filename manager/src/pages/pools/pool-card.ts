import type { PolicyKind } from "@elastic-gas/scaling/policy";
import { POOLS } from "@elastic-gas/scaling/pools";
import { formatInterval } from "@elastic-gas/shared/format/durations";
import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import { formatTime } from "@elastic-gas/shared/format/times";
import type { IconName } from "@elastic-gas/shared/ui/icons";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { describeCheck, type LastCheck, type PoolSnapshot, saidAt } from "../../model/fleet/fleet-snapshot.ts";
import { growRefusal, shrinkRefusal } from "../../model/fleet/refusals.ts";
import { dollars } from "../../model/policy/cost.ts";
import type { Reader } from "../../model/reader.ts";
import { actionForm, boldStart, icon, mayAct, type NoteParts, note, state } from "../kit/parts.ts";

export interface CardContext {
  readonly reader: Reader;
  readonly csrf: string;
  readonly chosen: boolean;
  /** Address of the page with this pool chosen. */
  readonly href: string;
  readonly autoscalerAlive: boolean;
  readonly cloudKnown: boolean;
  readonly workerPriceCentsPerHour: number;
}

const POLICY_WORDS: Readonly<Record<PolicyKind, string>> = {
  cpu: "CPU policy",
  adaptive: "adaptive policy",
  requests: "request policy",
  queue: "queue policy",
  "queue-thresholds": "queue thresholds",
  fixed: "fixed size",
};

/** One pool at a glance: how many, what they do, what the last check said, when the next one comes. */
export function poolCard(pool: PoolSnapshot, context: CardContext): Html {
  const { name, counts, desired } = pool;
  return h(
    "section",
    {
      class: `eg-panel pool-card${context.chosen ? " pool-card-chosen" : ""}`,
      key: name,
      "data-pool": name,
      "aria-label": `Pool ${name}`,
    },
    h(
      "div",
      { class: "pool-card-head" },
      h(
        "h2",
        {},
        context.chosen
          ? h("span", { "aria-current": "true" }, name)
          : h("a", { class: "pool-card-link", href: context.href }, name),
      ),
      h("span", { class: "eg-small eg-secondary pool-card-kind" }, kindWords(pool)),
      poolButtons(pool, context.csrf),
    ),
    h(
      "div",
      { class: "pool-card-size" },
      h("span", { class: "eg-figure" }, context.cloudKnown ? String(counts.inService) : "–"),
      h("span", { class: "eg-secondary" }, `of ${desired} in service`),
      h(
        "span",
        { class: "eg-small eg-secondary pool-card-limits" },
        pool.min === pool.max ? `fixed at ${pool.max}` : `min ${pool.min} · max ${pool.max}`,
      ),
    ),
    h(
      "div",
      { class: "pool-card-states" },
      stateCounts(pool),
      context.cloudKnown && costWords(pool, context.workerPriceCentsPerHour),
    ),
    note(statusNote(pool, context)),
    mayAct(context.csrf) && reasonsBesideButtons(pool),
    h(
      "div",
      { class: "pool-card-foot eg-small eg-secondary" },
      h("span", {}, nextCheckWords(pool, context.reader.now)),
      resumeNow(pool, context),
      footRight(pool),
    ),
  );
}

/** Whatever is launched and not terminated is paid for. To a tenth of a cent: it is an estimate. */
function costWords({ counts }: PoolSnapshot, priceCentsPerHour: number): Html | false {
  const paid = counts.inService + counts.warming + counts.pending + counts.draining + counts.unhealthy;
  const cents = Math.round(paid * priceCentsPerHour * 10) / 10;
  if (cents === 0) return false;
  const title = `Estimated: ${formatCountOf(paid, "worker")} at ${dollars(priceCentsPerHour)} an hour`;
  return h("span", { class: "eg-small eg-secondary pool-card-cost", title }, `about ${dollars(cents)} an hour`);
}

function kindWords({ name, policyKind }: PoolSnapshot): string {
  const { label } = POOLS[name];
  return policyKind === "fixed" ? label : `${label}, ${POLICY_WORDS[policyKind]}`;
}

export function resizeButton(
  pool: PoolSnapshot,
  by: 1 | -1,
  { csrf, words = false }: { readonly csrf: string; readonly words?: boolean },
): Html | null {
  const grows = by === 1;
  const refusal = grows ? growRefusal(pool) : shrinkRefusal(pool);
  const verb = grows ? "Grow" : "Shrink";
  const label = `${verb} ${pool.name} by 1${refusal === null ? "" : `: ${refusal}`}`;
  return actionForm(
    { action: `/pools/${pool.name}/${grows ? "grow" : "shrink"}`, csrf, busy: grows ? "Growing" : "Shrinking" },
    h(
      "button",
      {
        type: "submit",
        class: words ? "eg-button" : "eg-button eg-button-icon eg-button-small",
        disabled: refusal !== null,
        // With words the words are the name.
        "aria-label": words ? undefined : label,
        title: label,
      },
      icon(grows ? "plus" : "minus"),
      words && `${verb} by 1`,
    ),
  );
}

function poolButtons(pool: PoolSnapshot, csrf: string): Html {
  const paused = pool.paused !== null;
  return h(
    "div",
    { class: "pool-card-buttons" },
    resizeButton(pool, -1, { csrf }),
    resizeButton(pool, 1, { csrf }),
    pool.policyKind !== "fixed" &&
      actionForm(
        {
          action: `/pools/${pool.name}/${paused ? "resume" : "pause"}`,
          csrf,
          busy: paused ? "Resuming" : "Pausing",
        },
        h(
          "button",
          {
            type: "submit",
            class: "eg-button eg-button-small",
            "data-pause": pool.name,
            "aria-label": `${paused ? "Resume" : "Pause"} the policy of ${pool.name}`,
          },
          icon(paused ? "play" : "pause"),
          paused ? "Resume" : "Pause",
        ),
      ),
  );
}

function reasonsBesideButtons(pool: PoolSnapshot): Html | false {
  const grow = growRefusal(pool);
  const shrink = shrinkRefusal(pool);
  if (pool.stopping || (grow === null && shrink === null)) return false;
  const change = (words: string) => h("a", { href: `/policy/${pool.name}#limits` }, words);
  // The sentence above has said it.
  if (pool.lastCheck?.outcome === "at the limit") return h("p", { class: "eg-reason" }, change("Change the limits"));
  const reasons = [grow, shrink].filter((reason) => reason !== null).join(", ");
  return h("p", { class: "eg-reason" }, reasons, "; ", change("change it"));
}

function stateCounts({ counts, desired }: PoolSnapshot): readonly Html[] {
  const shown: Html[] = [];
  if (counts.unhealthy > 0) shown.push(state("unhealthy", `${counts.unhealthy} unhealthy`));
  if (counts.warming > 0) shown.push(state("warming", `${counts.warming} warming`));
  // Wanted but not launched yet counts as pending too: it is what the pool waits for.
  const missing = Math.max(0, desired - counts.inService - counts.warming - counts.pending - counts.unhealthy);
  if (counts.pending + missing > 0) shown.push(state("pending", `${counts.pending + missing} pending`));
  if (counts.draining > 0) shown.push(state("draining", `${counts.draining} draining`));
  if (shown.length === 0 && counts.inService > 0) shown.push(state("all in service"));
  if (shown.length === 0) shown.push(state("terminated", "no workers"));
  return shown;
}

const OUTCOME_LOOKS: Readonly<Record<string, readonly [NoteParts["tone"], IconName]>> = {
  grew: ["info", "plus"],
  shrank: ["drain", "ring-down"],
  "no change": ["neutral", "ring-dash"],
  holding: ["info", "half-disc"],
  "cooling down": ["info", "clock"],
  "would shrink": ["info", "clock"],
  "shrink refused": ["neutral", "ring-dash"],
  "at the limit": ["warn", "info"],
  "no data": ["warn", "dashed-ring-dash"],
  paused: ["warn", "pause"],
  manual: ["info", "user"],
};

/** The sentence of the pool: what the autoscaler said last, unless it cannot speak for the present. */
function statusNote(pool: PoolSnapshot, { reader, autoscalerAlive }: CardContext): NoteParts {
  const key = "status";
  if (pool.stopping) {
    return { key, tone: "bad", glyph: "stop", text: boldStart("Stopping: every worker is drained and terminated.") };
  }
  if (pool.lastCheck === null) {
    return {
      key,
      tone: "neutral",
      glyph: "clock",
      text: boldStart("Nothing decided yet. The first check comes soon."),
    };
  }
  if (pool.paused !== null) {
    const text = `Paused by ${pool.paused.by} since ${formatTime(pool.paused.at, "minute", { zone: reader.timeZone })}. Lost workers are still replaced.`;
    return { key, tone: "warn", glyph: "pause", text: boldStart(text.replace("Paused", "Paused:")) };
  }
  if (!autoscalerAlive) {
    return {
      key,
      tone: "warn",
      glyph: "warning",
      text: [
        h("strong", {}, `Said ${formatInterval(reader.now - pool.lastCheck.at)} ago: `),
        ...boldStart(describeCheck(pool.lastCheck, reader)),
      ],
    };
  }
  const { outcome } = pool.lastCheck;
  // At the minimum a pool is merely idle; only the maximum keeps it from what it needs.
  const idle = outcome === "at the limit" && pool.desired < pool.max;
  const [tone, glyph] = (idle ? undefined : OUTCOME_LOOKS[outcome]) ?? ["neutral", "ring-dash"];
  const when = saidAt(pool, reader);
  const sentence = boldStart(describeCheck(pool.lastCheck, reader));
  // What was said of other figures than those above it stands back behind them.
  if (when !== "") return { key, tone: "neutral", glyph: "clock", text: [when, ...sentence] };
  return { key, tone, glyph, text: sentence };
}

/** Ends the hold after a manual change; a paused pool has its button above. */
function resumeNow({ name, manualUntil, paused, stopping }: PoolSnapshot, { reader, csrf }: CardContext): Html | null {
  if (manualUntil === null || manualUntil <= reader.now || paused !== null || stopping) return null;
  return actionForm(
    { action: `/pools/${name}/resume`, csrf, busy: "Resuming" },
    h("button", { type: "submit", class: "eg-button eg-button-small", "data-resume": name }, "Resume now"),
  );
}

function nextCheckWords(pool: PoolSnapshot, now: number): readonly (string | Html)[] {
  if (pool.manualUntil !== null && pool.manualUntil > now) {
    return ["Changed manually; the policy resumes in ", h("b", {}, formatInterval(pool.manualUntil - now))];
  }
  if (pool.nextCheckAt === null) return ["Not checked yet"];
  const left = Math.round((pool.nextCheckAt - now) / 1_000) * 1_000;
  return left > 0 ? ["Next check in ", h("b", {}, formatInterval(left))] : ["Check is due"];
}

function footRight(pool: PoolSnapshot): Html {
  const words = queueWords(pool.lastCheck);
  if (words !== null) return h("span", {}, words);
  if (POOLS[pool.name].handlesDeadLetters) {
    return h("a", { href: "/alerts#dead-letters" }, formatCountOf(pool.deadLetters, "dead letter"));
  }
  return h("a", { href: `/policy/${pool.name}` }, `policy v${pool.policyVersion}`);
}

function queueWords(check: LastCheck | null): string | null {
  return check?.waiting == null ? null : `${formatCountOf(check.waiting, "job")} waiting`;
}
