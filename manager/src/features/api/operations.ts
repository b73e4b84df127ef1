import { z } from "zod";
import { NewAccount } from "../accounts/create-account.ts";
import { SendAgainBody } from "../dead-letters/dead-letter-actions.ts";
import {
  ApiActivity,
  ApiAlert,
  ApiCharts,
  ApiCreatedUser,
  ApiDeadLetter,
  ApiDecision,
  ApiOutcome,
  ApiPolicy,
  ApiPolicyVersion,
  ApiPool,
  ApiReport,
  ApiStatus,
  ApiUser,
  ApiWorker,
  ChartsQuery,
  DeadLettersQuery,
  ListQuery,
  PlanChange,
  PolicyChange,
  PoolParams,
  ReportQuery,
  ResizeChange,
  UserParams,
  UsersQuery,
  VersionsQuery,
  WorkerParams,
  WorkersQuery,
} from "./schemas.ts";

export interface ApiOperation {
  readonly method: "get" | "post" | "put";
  /** With `{names}` of the path's parameters. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answer: z.ZodType;
}

const poolVerb = <Verb extends string>(verb: Verb, summary: string) => ({
  method: "post" as const,
  path: `/pools/{pool}/${verb}`,
  id: `${verb}Pool` as const,
  summary,
  params: PoolParams,
  answer: ApiOutcome,
});
const workerVerb = <Verb extends string>(verb: Verb, summary: string) => ({
  method: "post" as const,
  path: `/workers/{id}/${verb}`,
  id: `${verb}Worker` as const,
  summary,
  params: WorkerParams,
  answer: ApiOutcome,
});

/**
 * Every operation of /api/v1: routes and document are both made from this table, so neither has what the other lacks.
 */
export const OPERATIONS = [
  {
    method: "get",
    path: "/openapi.json",
    id: "getDocument",
    summary: "This document",
    answer: z.looseObject({ openapi: z.string() }),
  },
  {
    method: "get",
    path: "/status",
    id: "getStatus",
    summary: "Pools, autoscaler and alerts at one instant",
    answer: ApiStatus,
  },
  {
    method: "get",
    path: "/pools",
    id: "listPools",
    summary: "All pools, as AWS and the database show them now",
    answer: z.array(ApiPool),
  },
  { method: "get", path: "/pools/{pool}", id: "getPool", summary: "One pool", params: PoolParams, answer: ApiPool },
  {
    ...poolVerb("grow", "Ask for one worker more, `by` more, or `to` that many; refused with 409 above the maximum"),
    body: ResizeChange,
  },
  {
    ...poolVerb("shrink", "Ask for one worker less, `by` less, or `to` that many; refused with 409 below the minimum"),
    body: ResizeChange,
  },
  poolVerb("pause", "Pause the policy; lost workers are still replaced"),
  poolVerb("resume", "Let the policy decide again: ends a pause, and the hold after a manual change"),
  {
    method: "get",
    path: "/pools/{pool}/policy",
    id: "getPolicy",
    summary: "Policy and limits in force",
    params: PoolParams,
    answer: ApiPolicy,
  },
  {
    method: "put",
    path: "/pools/{pool}/policy",
    id: "savePolicy",
    summary: "Save policy and limits as a new version, in force at the next check",
    params: PoolParams,
    body: PolicyChange,
    answer: ApiPolicy,
  },
  {
    method: "get",
    path: "/pools/{pool}/policy/versions",
    id: "listPolicyVersions",
    summary: "Saved policies, newest first; none before the first change",
    params: PoolParams,
    query: VersionsQuery,
    answer: z.array(ApiPolicyVersion),
  },
  {
    method: "get",
    path: "/pools/{pool}/charts",
    id: "getCharts",
    summary: "What the charts show: worker counts, mean CPU, requests, each worker's CPU and requests",
    params: PoolParams,
    query: ChartsQuery,
    answer: ApiCharts,
  },
  {
    method: "get",
    path: "/workers",
    id: "listWorkers",
    summary: "All workers that exist",
    query: WorkersQuery,
    answer: z.array(ApiWorker),
  },
  workerVerb("replace", "Launch another worker, then drain this one"),
  workerVerb("drain", "Drain this worker; the pool shrinks by 1"),
  workerVerb("protect", "Keep this worker when the pool shrinks"),
  workerVerb("unprotect", "No longer keep this worker when the pool shrinks"),
  {
    method: "get",
    path: "/decisions",
    id: "listDecisions",
    summary: "Checks and their reasons, newest first; of the last day unless told otherwise",
    query: ListQuery,
    answer: z.array(ApiDecision),
  },
  {
    method: "get",
    path: "/activities",
    id: "listActivities",
    summary: "Changes and who asked for them, newest first; of the last day unless told otherwise",
    query: ListQuery,
    answer: z.array(ApiActivity),
  },
  {
    method: "get",
    path: "/alerts",
    id: "listAlerts",
    summary: "What needs attention, most severe first",
    answer: z.array(ApiAlert),
  },
  {
    method: "get",
    path: "/dead-letters",
    id: "listDeadLetters",
    summary: "Messages that could not be handled and that nobody has looked after, newest first",
    query: DeadLettersQuery,
    answer: z.array(ApiDeadLetter),
  },
  {
    method: "post",
    path: "/dead-letters/send",
    id: "sendDeadLetters",
    summary: "Put messages back into their queues: the one with `id`, those of `queue`, or all",
    body: SendAgainBody,
    answer: ApiOutcome,
  },
  {
    method: "get",
    path: "/report",
    id: "getReport",
    summary: "Pool sizes, load, decisions, costs and alerts of a time range as one HTML file",
    query: ReportQuery,
    answer: ApiReport,
  },
  {
    method: "get",
    path: "/users",
    id: "listUsers",
    summary: "Users whose name or address has `filter` in it, 200 at most; scope administer",
    query: UsersQuery,
    answer: z.array(ApiUser),
  },
  {
    method: "post",
    path: "/users",
    id: "createUser",
    summary:
      "Create a user: with an address, a link to choose a password is mailed; without, one is made; scope administer",
    body: NewAccount,
    answer: ApiCreatedUser,
  },
  {
    method: "post",
    path: "/users/{username}/invite",
    id: "inviteUser",
    summary: "Mail another link to a user who has not set a password yet; scope administer",
    params: UserParams,
    answer: ApiOutcome,
  },
  {
    method: "put",
    path: "/users/{username}/plan",
    id: "setPlan",
    summary: "Give Premium without a payment, or make Free and cancel what Stripe charges for; scope administer",
    params: UserParams,
    body: PlanChange,
    answer: ApiOutcome,
  },
] as const satisfies readonly ApiOperation[];

export type OperationId = (typeof OPERATIONS)[number]["id"];
