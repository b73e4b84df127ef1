import { Policy, PoolLimits } from "@elastic-gas/scaling/policy";
import { POOL_NAMES, QUEUE_KEYS } from "@elastic-gas/shared/resources";
import { z } from "zod";
import { RANGE_NAMES } from "../../model/charts/range.ts";
import { ResizeBody } from "../pools/resize-body.ts";

/** What the API takes and gives; the OpenAPI document is made from these. Instants are ISO 8601 in UTC. */
const instant = z.iso.datetime();
const maybeInstant = instant.nullable();

export const PoolParams = z.object({ pool: z.enum(POOL_NAMES) });
export const WorkerParams = z.object({ id: z.string().regex(/^i-[0-9a-z]+$/, "An instance id.") });

const ApiCounts = z.object({
  inService: z.number().int(),
  warming: z.number().int(),
  pending: z.number().int(),
  draining: z.number().int(),
  unhealthy: z.number().int(),
});
export const ApiPool = z.object({
  name: z.enum(POOL_NAMES),
  desired: z.number().int(),
  min: z.number().int(),
  max: z.number().int(),
  counts: ApiCounts,
  policyKind: z.string(),
  policyVersion: z.number().int(),
  /** The rule and its numbers, in words. */
  rule: z.string(),
  paused: z.object({ by: z.string(), at: instant }).nullable(),
  stopping: z.boolean(),
  manualUntil: maybeInstant,
  lastCheck: z
    .object({ at: instant, outcome: z.string(), sentence: z.string(), measured: z.number().nullable() })
    .nullable(),
  nextCheckAt: maybeInstant,
});
export const ApiWorker = z.object({
  id: z.string(),
  pool: z.enum(POOL_NAMES),
  state: z.string(),
  why: z.string(),
  type: z.string(),
  zone: z.string(),
  address: z.string().nullable(),
  /** The hash of what it runs; null when its instance does not tell. */
  releaseId: z.string().nullable(),
  launchedAt: instant,
  inServiceAt: maybeInstant,
  protected: z.boolean(),
  jobId: z.string().nullable(),
  /** CPU (0-100), and requests per minute or jobs running, now; null while CloudWatch has not said. */
  load: z.object({ cpuPercent: z.number().nullable(), work: z.number().nullable() }).nullable(),
});
export const ApiAlert = z.object({
  id: z.string(),
  tone: z.enum(["bad", "warn", "info"]),
  pool: z.enum(POOL_NAMES).nullable(),
  sentence: z.string(),
  remedy: z.string().nullable(),
  since: instant,
});
/** All of it at one instant. */
export const ApiStatus = z.object({
  at: instant,
  /** Address of user-app; null while there is no load balancer. */
  url: z.string().nullable(),
  autoscaler: z.object({ ticking: z.boolean(), lastCheckAt: maybeInstant, tickSeconds: z.number() }),
  /** Why the workers are shown as they were last seen; null while AWS answers. */
  cloudFailure: z.string().nullable(),
  stopping: z.boolean(),
  pools: z.array(ApiPool),
  alerts: z.array(ApiAlert),
});
export const ApiDecision = z.object({
  id: z.number().int(),
  pool: z.enum(POOL_NAMES),
  at: instant,
  outcome: z.string(),
  desiredBefore: z.number().int(),
  desiredAfter: z.number().int(),
  inService: z.number().int(),
  measured: z.number().nullable(),
  policyVersion: z.number().int(),
  reason: z.string(),
});
export const ApiActivity = z.object({
  id: z.number().int(),
  pool: z.enum(POOL_NAMES),
  at: instant,
  cause: z.string(),
  actor: z.string(),
  desiredBefore: z.number().int(),
  desiredAfter: z.number().int(),
  reason: z.string(),
  instanceIds: z.array(z.string()),
  status: z.string(),
  result: z.string().nullable(),
  finishedAt: maybeInstant,
});
export const ApiPolicy = z.object({ version: z.number().int(), policy: Policy, limits: PoolLimits });
/** A policy as it was saved; one of an older release may lack numbers that today's has. */
export const ApiPolicyVersion = z.object({
  version: z.number().int(),
  at: instant,
  actor: z.string(),
  difference: z.string(),
  policy: z.looseObject({ kind: z.string() }),
  limits: z.object({ min: z.number().int(), max: z.number().int() }),
});
/** `by` workers, or a number of them; the two exclude each other. */
export const ResizeChange = ResizeBody.extend({
  by: z.number().int("A whole number of workers.").min(1, "At least 1 worker.").max(10_000).optional(),
  to: z.number().int("A whole number of workers.").min(0, "Not below 0 workers.").max(10_000).optional(),
}).refine(({ by, to }) => by === undefined || to === undefined, { message: "Give by or to, not both." });
/** `version` is the one that was read; another one means that somebody saved in between. */
export const PolicyChange = z.object({ version: z.number().int().min(1), policy: Policy, limits: PoolLimits });
export const ReportQuery = z.object({
  range: z.enum(RANGE_NAMES).default("30m"),
  zone: z
    .string()
    .refine(isTimeZone, "A time zone such as America/Chicago.")
    .optional()
    .describe("IANA zone of its times; DISPLAY_TIME_ZONE without it"),
});
export const ApiReport = z.object({ fileName: z.string(), html: z.string() });
export const UserParams = z.object({ username: z.string() });
export const UsersQuery = z.object({ filter: z.string().max(100).default("") });
export const PlanChange = z.strictObject({ plan: z.enum(["free", "premium"]) });
export const ApiUser = z.object({
  username: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  plan: z.enum(["free", "premium"]),
  /** Stripe charges for it. */
  paying: z.boolean(),
  access: z.enum(["user", "viewer", "admin"]),
  jobs: z.number().int(),
  photos: z.number().int(),
  createdAt: instant,
  /** Null once there is a password. */
  invitation: z
    .object({ state: z.enum(["mail is on its way", "open", "expired", "not delivered"]), linkEndsAt: maybeInstant })
    .nullable(),
});
export const ApiCreatedUser = z.object({
  username: z.string(),
  /** Where a link to choose the password is mailed to. */
  invitedAddress: z.string().nullable(),
  /** Made for a user without an address; never shown again. */
  password: z.string().nullable(),
  signInUrl: z.string(),
});
export const ApiOutcome = z.object({ done: z.boolean(), sentence: z.string() });
export const ApiSeries = z.object({
  start: instant,
  periodSeconds: z.number(),
  /** null = no data in that period. */
  values: z.array(z.number().nullable()),
});
export const ApiCharts = z.object({
  pool: z.enum(POOL_NAMES),
  from: instant,
  to: instant,
  /** Counts hold until the next entry. */
  workers: z.array(
    z.object({ at: instant, counts: ApiCounts.omit({ unhealthy: true }).extend({ desired: z.number() }).nullable() }),
  ),
  cpuPercent: ApiSeries,
  requestsPerMinute: ApiSeries.nullable(),
  responseMs: ApiSeries.nullable(),
  waitingJobs: ApiSeries.nullable(),
  byWorker: z.array(z.object({ id: z.string(), cpuPercent: ApiSeries, requestsPerMinute: ApiSeries.nullable() })),
});
const release = z.string().regex(/^[0-9a-f]{64}$/);
const ApiUpdate = z.object({
  /** Null: the first release. */
  from: release.nullable(),
  to: release,
  state: z.enum(["running", "paused", "rolling back", "completed", "rolled back"]),
  startedBy: z.string(),
  startedAt: instant,
  finishedAt: instant.nullable(),
  /** Why it went back, or was over at once. */
  why: z.string().nullable(),
});
export const ApiReleases = z.object({
  /** What workers run outside of an update. */
  current: release.nullable(),
  releases: z.array(z.object({ id: release, publishedBy: z.string(), publishedAt: instant })),
  active: ApiUpdate.extend({ pools: z.array(z.object({ pool: z.enum(POOL_NAMES), step: z.string() })) }).nullable(),
  past: z.array(ApiUpdate),
});

export const ApiDeadLetter = z.object({
  id: z.number().int(),
  at: instant,
  queue: z.enum(QUEUE_KEYS),
  /** What became of what it asked for. */
  outcome: z.string(),
  /** Why it could not be handled; null when nobody said. */
  reason: z.string().nullable(),
  body: z.string(),
});
export const DeadLettersQuery = z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(100) });
export const ApiFailure = z.object({
  success: z.literal(false),
  error: z.object({ code: z.number().int(), message: z.string() }),
  requestId: z.string(),
});

export const ListQuery = z.object({
  pool: z.enum(POOL_NAMES).optional(),
  from: instant.optional(),
  to: instant.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
export const VersionsQuery = z.object({ limit: z.coerce.number().int().min(1).max(500).default(20) });
export const WorkersQuery = z.object({ pool: z.enum(POOL_NAMES).optional() });
export const ChartsQuery = z.object({ range: z.enum(RANGE_NAMES).default("30m") });

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
