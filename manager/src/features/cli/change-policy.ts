import { UsageError } from "@elastic-gas/shared/command-line";
import { z } from "zod";
import { ApiPolicy, ApiPolicyVersion } from "../api/schemas.ts";
import { type CallApi, CallFailed } from "./call-api.ts";

const LIMITS: ReadonlySet<string> = new Set(["min", "max"]);

/** Saves some values; the others stay. Another `kind` begins with its own first values. Returns the API's answer. */
export async function setValues(call: CallApi, pool: string, pairs: readonly string[]): Promise<unknown> {
  const given = readPairs(pairs);
  const path = `/pools/${pool}/policy`;
  const { version, policy, limits } = ApiPolicy.parse(await call({ path }));
  const entries = Object.entries(given);
  const rule = Object.fromEntries(entries.filter(([name]) => !LIMITS.has(name)));
  const sameKind = given.kind === undefined || given.kind === policy.kind;
  return call({
    method: "PUT",
    path,
    body: {
      version,
      policy: sameKind ? { ...policy, ...rule } : rule,
      limits: { ...limits, ...Object.fromEntries(entries.filter(([name]) => LIMITS.has(name))) },
    },
  });
}

/**
 * Saves the values of the version before the present one, as a new version: doing it twice brings back what was undone.
 */
export async function undo(call: CallApi, pool: string): Promise<unknown> {
  const path = `/pools/${pool}/policy`;
  const { version } = ApiPolicy.parse(await call({ path }));
  const versions = z.array(ApiPolicyVersion).parse(await call({ path: `${path}/versions` }));
  const before = versions.find((each) => each.version === version - 1);
  if (before === undefined) throw new CallFailed(`${pool} has no version before v${version}.`);
  return call({ method: "PUT", path, body: { version, policy: before.policy, limits: before.limits } });
}

function readPairs(pairs: readonly string[]): Readonly<Record<string, string | number | boolean>> {
  if (pairs.length === 0) throw new UsageError("set needs at least one NAME=VALUE.");
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, text] = /^([A-Za-z]+)=(.+)$/.exec(pair) ?? [];
      if (name === undefined || text === undefined) throw new UsageError(`${pair} is not NAME=VALUE.`);
      return [name, readValue(text)];
    }),
  );
}

function readValue(text: string): string | number | boolean {
  if (text === "true" || text === "on") return true;
  if (text === "false" || text === "off") return false;
  return Number.isFinite(Number(text)) ? Number(text) : text;
}
