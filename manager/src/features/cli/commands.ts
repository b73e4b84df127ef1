import type { ParseArgsOptionsConfig } from "node:util";
import { isPoolName, POOL_NAMES } from "@elastic-gas/shared/resources";
import { z } from "zod";
import { ApiActivity, ApiDecision, ApiOutcome, ApiPolicy, ApiPolicyVersion, ApiStatus } from "../api/schemas.ts";
import type { CallApi } from "./call-api.ts";
import { setValues, undo } from "./change-policy.ts";
import { showActivities, showDecisions, showPolicy, showVersions } from "./show-lists.ts";
import { showStatus } from "./show-status.ts";
import { sinceOf } from "./times.ts";
import { UsageError } from "./usage.ts";

/** What the command line said, behind the command's name. */
export interface Given {
  readonly words: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly now: number;
}

/** The API's answer and how people read it. */
export interface Answer {
  readonly json: unknown;
  readonly text: () => string;
}

export interface Command {
  readonly options: ParseArgsOptionsConfig;
  /** Words that may follow the command's name. */
  readonly maxWords: number;
  readonly run: (call: CallApi, given: Given) => Promise<Answer>;
}

const RESIZE_OPTIONS = { by: { type: "string" }, to: { type: "string" }, reason: { type: "string" } } as const;
const LIST_OPTIONS = { limit: { type: "string" }, since: { type: "string" } } as const;

export const COMMANDS: Readonly<Record<string, Command>> = {
  status: {
    options: {},
    maxWords: 0,
    run: async (call) => {
      const json = await call({ path: "/status" });
      return { json, text: () => showStatus(ApiStatus.parse(json)) };
    },
  },
  grow: { options: RESIZE_OPTIONS, maxWords: 1, run: resize("grow") },
  shrink: { options: RESIZE_OPTIONS, maxWords: 1, run: resize("shrink") },
  pause: { options: {}, maxWords: 1, run: (call, given) => ask(call, `/pools/${poolOf(given)}/pause`) },
  resume: { options: {}, maxWords: 1, run: (call, given) => ask(call, `/pools/${poolOf(given)}/resume`) },
  policy: {
    options: { versions: { type: "boolean" }, undo: { type: "boolean" }, limit: { type: "string" } },
    maxWords: Number.POSITIVE_INFINITY,
    run: policy,
  },
  activity: {
    options: LIST_OPTIONS,
    maxWords: 1,
    run: async (call, given) => {
      const json = await call({ path: "/activities", query: listQuery(given) });
      return { json, text: () => showActivities(z.array(ApiActivity).parse(json)) };
    },
  },
  decisions: {
    options: LIST_OPTIONS,
    maxWords: 1,
    run: async (call, given) => {
      const json = await call({ path: "/decisions", query: listQuery(given) });
      return { json, text: () => showDecisions(z.array(ApiDecision).parse(json)) };
    },
  },
};

function resize(verb: "grow" | "shrink"): Command["run"] {
  return (call, given) => {
    const { values } = given;
    if (values.by !== undefined && values.to !== undefined) throw new UsageError("Give --by or --to, not both.");
    const body = {
      ...(values.by === undefined ? {} : { by: numberOf("--by", values.by, 1) }),
      ...(values.to === undefined ? {} : { to: numberOf("--to", values.to, 0) }),
      ...(values.reason === undefined ? {} : { why: values.reason }),
    };
    return ask(call, `/pools/${poolOf(given)}/${verb}`, body);
  };
}

async function ask(call: CallApi, path: string, body: object = {}): Promise<Answer> {
  const json = await call({ method: "POST", path, body });
  return { json, text: () => `${ApiOutcome.parse(json).sentence}\n` };
}

async function policy(call: CallApi, given: Given): Promise<Answer> {
  const { words, values } = given;
  const pool = poolOf(given);
  const [verb, ...pairs] = words.slice(1);
  if (verb !== undefined && verb !== "set") throw new UsageError(`${verb} is not known here; set is.`);
  if ([verb, values.versions, values.undo].filter((each) => each !== undefined).length > 1) {
    throw new UsageError("set, --versions and --undo exclude each other.");
  }
  if (values.versions === true) {
    const query = { limit: values.limit === undefined ? undefined : String(numberOf("--limit", values.limit, 1)) };
    const json = await call({ path: `/pools/${pool}/policy/versions`, query });
    return { json, text: () => showVersions(z.array(ApiPolicyVersion).parse(json)) };
  }
  if (values.limit !== undefined) throw new UsageError("--limit belongs to --versions.");
  const json =
    values.undo === true
      ? await undo(call, pool)
      : verb === "set"
        ? await setValues(call, pool, pairs)
        : await call({ path: `/pools/${pool}/policy` });
  return { json, text: () => showPolicy(pool, ApiPolicy.parse(json)) };
}

function poolOf({ words: [name] }: Given): string {
  if (name === undefined) throw new UsageError(`Which pool? ${POOL_NAMES.join(", ")}.`);
  if (!isPoolName(name)) throw new UsageError(`There is no pool ${name}. ${POOL_NAMES.join(", ")} are there.`);
  return name;
}

function listQuery(given: Given): Readonly<Record<string, string | undefined>> {
  const { words, values, now } = given;
  return {
    pool: words.length === 0 ? undefined : poolOf(given),
    limit: values.limit === undefined ? undefined : String(numberOf("--limit", values.limit, 1)),
    from: values.since === undefined ? undefined : sinceOf(String(values.since), now),
  };
}

function numberOf(option: string, text: string | boolean, least: number): number {
  const number = Number(text);
  if (text === "" || !Number.isInteger(number) || number < least) {
    throw new UsageError(`${option} takes a whole number of at least ${least}, not ${text}.`);
  }
  return number;
}
