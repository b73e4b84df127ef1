import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { z } from "zod";

const Stored = z.record(z.string(), z.string());

/**
 * Puts the operator's keys into their secret where they differ from what it holds. Returns the secret's version: it is
 * part of the manager's first-boot script, so that a changed key is a new machine, which reads it.
 */
export async function storeKeys(
  client: SecretsManagerClient,
  SecretId: string,
  keys: Readonly<Record<string, string>>,
): Promise<string> {
  const { SecretString = "{}", VersionId = "" } = await client.send(new GetSecretValueCommand({ SecretId }));
  const merged = mergeKeys(SecretString, keys);
  if (merged === undefined) return VersionId;
  const put = await client.send(new PutSecretValueCommand({ SecretId, SecretString: merged }));
  return put.VersionId ?? "";
}

/** The secret with the keys that are not empty; undefined when it has them already. Others in it stay. */
export function mergeKeys(stored: string, keys: Readonly<Record<string, string>>): string | undefined {
  const before = Stored.parse(JSON.parse(stored));
  const given = Object.entries(keys).filter(([name, value]) => value !== "" && value !== before[name]);
  return given.length === 0 ? undefined : JSON.stringify({ ...before, ...Object.fromEntries(given) });
}
