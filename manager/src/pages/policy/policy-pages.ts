import { checkSecondsOf } from "@elastic-gas/scaling/check-seconds";
import { describePolicyState, explainPolicyState } from "@elastic-gas/scaling/describe-policy-state";
import { Policy, type PolicyKind, RECOMMENDED_CPU_POLICY } from "@elastic-gas/scaling/policy";
import { policyMeanings } from "@elastic-gas/scaling/policy-meanings";
import { readState } from "@elastic-gas/scaling/policy-state";
import { POOLS } from "@elastic-gas/scaling/pools";
import { audit } from "@elastic-gas/shared/audit";
import { formatInterval } from "@elastic-gas/shared/format/durations";
import { POOL_NAMES, type PoolName } from "@elastic-gas/shared/resources";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { savePolicy } from "../../features/policy/save-policy.ts";
import { pausePool } from "../../features/pools/pool-actions.ts";
import { poolOfPath } from "../../features/pools/pool-of-path.ts";
import { actorOf } from "../../features/requester.ts";
import { dollars } from "../../model/policy/cost.ts";
import { describeDifference, type Stored } from "../../model/policy/differences.ts";
import { type FormValues, parsePolicyForm, toFormValues } from "../../model/policy/policy-form.ts";
import type { PolicyVersion } from "../../model/policy/policy-version.ts";
import { settleLimit } from "../../model/policy/settle-margin.ts";
import { warningsOf } from "../../model/policy/warnings.ts";
import { findPolicyVersion, listPolicyVersions } from "../../read/policy-versions.ts";
import { findPool, type PoolRow } from "../../read/pools.ts";
import { differenceToOlder } from "../decisions/decision-pages.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { leaveNotice } from "../frame/send-page.ts";
import { type Comparison, policyPageView } from "./policy-page-view.ts";

const VERSIONS_SHOWN = 6;
const Compared = z.object({ from: z.coerce.number().int().min(1), to: z.coerce.number().int().min(1) });
const Undo = z.object({ version: z.coerce.number().int().min(1), expected: z.coerce.number().int().min(1) });

export function policyPages(deps: PageDeps): Router {
  const { db, watcher, now } = deps;
  const router = Router();

  router.get("/policy", (_req, res) => res.redirect(303, `/policy/${POOL_NAMES[0]}`));

  router.get("/policy/:pool", async (req, res) => {
    const row = await poolRow(deps, poolOfPath(req));
    const compared = Compared.safeParse(req.query).data;
    const kind = chosenKind(req, row);
    const values =
      kind === "cpu" && req.query.numbers === "recommended"
        ? toFormValues({ policy: RECOMMENDED_CPU_POLICY, limits: { min: row.min, max: row.max } })
        : undefined;
    await sendForm(deps, res, row, { kind, ...(values && { values }), all: req.query.versions === "all", compared });
  });

  router.post("/policy/:pool", async (req, res) => {
    const pool = poolOfPath(req);
    const row = await poolRow(deps, pool);
    const values = readFields(req);
    const parsed = parsePolicyForm(pool, values);
    if (!parsed.ok) {
      const kind = POOLS[pool].policyKinds.find((name) => name === values.kind) ?? row.policy.kind;
      return sendForm(deps, res, row, { kind, values, errors: parsed.errors });
    }
    const expected = Number(values.expected);
    await save(req, res, row, { stored: parsed.stored, expected, resume: values.resume === "on" });
  });

  router.post("/policy/:pool/undo", async (req, res) => {
    const pool = poolOfPath(req);
    const { version, expected } = Undo.parse(req.body ?? {});
    const wanted = await findPolicyVersion(db, pool, version);
    if (wanted === undefined) throw new HttpError(404, `${pool} has no policy v${version}.`);
    // It may be older than the present limits of its numbers.
    const policy = Policy.safeParse(wanted.policy);
    if (!policy.success) throw new HttpError(409, `Policy v${version} no longer fits today's rules.`);
    const stored = { policy: policy.data, limits: wanted.limits };
    await save(req, res, await poolRow(deps, pool), { stored, expected, resume: false });
  });
  router.all("/policy/:pool/undo", methodNotAllowed("POST"));
  return router;

  async function save(
    req: Request,
    res: Response,
    row: PoolRow,
    { stored, expected, resume }: { readonly stored: Stored; readonly expected: number; readonly resume: boolean },
  ): Promise<void> {
    const pool = row.name;
    const actor = actorOf(res);
    const saved = await savePolicy(db, pool, stored, { actor, now: new Date(now()), expected });
    if (saved === undefined) throw new HttpError(409, "The autoscaler has not made this pool yet.");
    switch (saved.kind) {
      case "saved":
        await audit(db, {
          actor,
          action: "policy.save",
          target: `${pool} v${saved.version}`,
          detail: saved.difference,
          address: req.ip,
        });
        if (resume) await pausePool(deps, pool, "resume", { actor, address: req.ip });
        leaveNotice(req, {
          tone: "ok",
          text: `Saved as v${saved.version}: ${saved.difference}. ${resume ? IN_FORCE_NEXT : whenInForce(row, now())}`,
        });
        break;
      case "same":
        leaveNotice(req, { tone: "info", text: "Nothing was changed." });
        break;
      case "conflict":
        leaveNotice(req, {
          tone: "warn",
          text: `${saved.by} saved v${saved.version} in the meantime. Yours was not saved; these are the values in force.`,
        });
    }
    await watcher.fleet({ fresh: true });
    res.redirect(303, `/policy/${pool}`);
  }
}

const IN_FORCE_NEXT = "In force at the next check.";

/** What the reader may rely on: a pause or a manual change keeps the policy from deciding. */
function whenInForce(row: PoolRow, now: number): string {
  if (row.paused !== null) return "The policy is paused: in force when it is resumed.";
  const until = heldUntil(row, now);
  if (until === null) return IN_FORCE_NEXT;
  return `In force when the hold after the manual change ends, in ${formatInterval(until - now)}, or at once with “Resume now” on the Pools page.`;
}

function heldUntil({ manualUntil }: PoolRow, now: number): number | null {
  return manualUntil !== null && manualUntil > now ? manualUntil : null;
}

async function poolRow({ db }: PageDeps, pool: PoolName): Promise<PoolRow> {
  const row = await findPool(db, pool);
  if (row !== undefined) return row;
  throw new HttpError(404, `The pool ${pool} does not exist yet.`, {
    remedy: "The autoscaler makes it at its first check.",
  });
}

function chosenKind(req: Request, row: PoolRow): PolicyKind {
  return POOLS[row.name].policyKinds.find((name) => name === req.query.kind) ?? row.policy.kind;
}

function readFields(req: Request): FormValues {
  return z
    .record(z.string(), z.string().max(100))
    .catch({})
    .parse(req.body ?? {});
}

async function sendForm(
  { db, config, watcher, sendPage, now }: PageDeps,
  res: Response,
  row: PoolRow,
  form: {
    readonly kind: PolicyKind;
    readonly values?: FormValues;
    readonly errors?: ReadonlyMap<string, string>;
    readonly all?: boolean;
    readonly compared?: Comparison["asked"] | undefined;
  },
): Promise<void> {
  const { kind, errors = new Map<string, string>() } = form;
  const stored: Stored = { policy: row.policy, limits: { min: row.min, max: row.max } };
  const versions = await listPolicyVersions(db, { pool: row.name, limit: 500 });
  const inForce = toFormValues(stored);
  const values = form.values ?? { ...defaultsOf(kind), ...inForce, kind };
  const parsed = parsePolicyForm(row.name, values);
  sendPage(res, {
    title: `Policy of ${row.name}`,
    section: "policy",
    status: errors.size > 0 ? 400 : 200,
    fleet: await watcher.fleet(),
    page: { pool: row.name },
    content: (context) =>
      policyPageView(
        {
          form: {
            pool: row.name,
            kind,
            kinds: POOLS[row.name].policyKinds,
            values,
            inForce,
            errors,
            warnings: parsed.ok ? warningsOf(parsed.stored.policy) : {},
            settleLimit: parsed.ok && parsed.stored.policy.kind === "cpu" ? settleLimit(parsed.stored.policy) : null,
            version: row.policyVersion,
            heldUntil: heldUntil(row, now()),
            isPaused: row.paused !== null,
          },
          meanings: policyMeanings(kind),
          policyState: describePolicyState(readState(row.policyState), row.policy, {
            tickSeconds: checkSecondsOf(row.policy.kind, config),
            timeScale: config.RULE_MINUTE_SECONDS / 60,
          }).map(explainPolicyState),
          savedBy: versions.find((version) => version.version === row.policyVersion) ?? null,
          versions: (form.all === true ? versions : versions.slice(0, VERSIONS_SHOWN)).map((version) => ({
            ...version,
            difference: differenceToOlder(versions, version),
          })),
          total: versions.length,
          comparison: compare(versions, form.compared),
          price: `${config.WORKER_INSTANCE_TYPE} at ${dollars(config.WORKER_PRICE_CENTS_PER_HOUR)} an hour`,
        },
        context,
      ),
  });
}

/** Any two of the versions, the last two when none are asked for; null while there are fewer. */
function compare(versions: readonly PolicyVersion[], asked: Comparison["asked"] | undefined): Comparison | null {
  const [newest, older] = versions;
  if (newest === undefined || older === undefined) return null;
  const numbers = versions.map(({ version }) => version);
  if (asked === undefined)
    return { numbers, asked: { from: older.version, to: newest.version }, difference: undefined };
  const find = (number: number) => versions.find(({ version }) => version === number);
  const [from, to] = [find(asked.from), find(asked.to)];
  if (from === undefined || to === undefined)
    throw new HttpError(404, `${newest.pool} has no policy v${from === undefined ? asked.from : asked.to}.`);
  return { numbers, asked, difference: describeDifference(from, to) };
}

/** The first values of another rule, until something was saved for it. */
function defaultsOf(kind: PolicyKind): FormValues {
  const parsed = Policy.safeParse({ kind });
  return parsed.success ? toFormValues({ policy: parsed.data, limits: { min: 1, max: 1 } }) : {};
}
