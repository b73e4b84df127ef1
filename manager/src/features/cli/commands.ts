import { UsageError } from "@elastic-gas/shared/command-line";
import { isPoolName, POOL_NAMES } from "@elastic-gas/shared/resources";
import { z } from "zod";
import {
  ApiActivity,
  ApiDeadLetter,
  ApiDecision,
  ApiOutcome,
  ApiPolicy,
  ApiPolicyVersion,
  ApiReleases,
  ApiReport,
  ApiStatus,
} from "../api/schemas.ts";
import type { CallApi } from "./call-api.ts";
import { setValues, undo } from "./change-policy.ts";
import type { Answer, Command, Given } from "./command.ts";
import {
  showActivities,
  showDeadLetters,
  showDecisions,
  showPolicy,
  showReleases,
  showVersions,
} from "./show-lists.ts";
import { showStatus } from "./show-status.ts";
import { sinceOf } from "./times.ts";
import { users } from "./users.ts";

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
  "dead-letters": { options: { queue: { type: "string" }, all: { type: "boolean" } }, maxWords: 2, run: deadLetters },
  releases: {
    options: {},
    maxWords: 0,
    run: async (call) => {
      const json = await call({ path: "/releases" });
      return { json, text: () => showReleases(ApiReleases.parse(json)) };
    },
  },
  update: { options: { canary: { type: "string" } }, maxWords: 1, run: update },
  users: { options: { email: { type: "string" }, access: { type: "string" } }, maxWords: 3, run: users },
  report: {
    options: { range: { type: "string" }, zone: { type: "string" } },
    maxWords: 0,
    run: async (call, { values }) => {
      const query = { range: textOf(values.range), zone: textOf(values.zone) };
      const json = await call({ path: "/report", query });
      return { json, text: () => ApiReport.parse(json).html };
    },
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

/** Begins one to a release, the newest one unless it is named, or steers the one that is under way. */
async function update(call: CallApi, { words: [word], values }: Given): Promise<Answer> {
  const canary = values.canary === undefined ? {} : { canarySeconds: numberOf("--canary", values.canary, 1) };
  if (word === "pause" || word === "resume" || word === "roll-back") {
    if (values.canary !== undefined) throw new UsageError(`--canary belongs to the beginning of an update.`);
    return ask(call, `/releases/${word}`);
  }
  return ask(call, "/releases/update", { ...(word === undefined ? {} : { release: word }), ...canary });
}

/** Lists them, or sends again one by its number, those of a queue, or all. */
async function deadLetters(call: CallApi, { words: [verb, id], values }: Given): Promise<Answer> {
  if (verb === undefined) {
    const json = await call({ path: "/dead-letters" });
    return { json, text: () => showDeadLetters(z.array(ApiDeadLetter).parse(json)) };
  }
  if (verb !== "send") throw new UsageError(`“${verb}” is not known here: send ID, send --queue NAME, or send --all.`);
  const { queue, all } = values;
  if ([id, queue, all].filter((each) => each !== undefined).length !== 1) {
    throw new UsageError("Say which: send ID, send --queue NAME, or send --all.");
  }
  return ask(call, "/dead-letters/send", id === undefined ? { queue } : { id: Number(id) });
}

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
  if (!isPoolName(name)) throw new UsageError(`Unknown pool “${name}”. Pools: ${POOL_NAMES.join(", ")}.`);
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

function textOf(value: string | boolean | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(option: string, text: string | boolean, least: number): number {
  const number = Number(text);
  if (text === "" || !Number.isInteger(number) || number < least) {
    throw new UsageError(`${option} takes a whole number of at least ${least}, not ${text}.`);
  }
  return number;
}
