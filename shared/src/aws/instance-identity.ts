import { setTimeout as sleep } from "node:timers/promises";
import type { Metadata } from "./interruption.ts";

/** Who this worker is, as its instance metadata service says. */
export interface InstanceIdentity {
  readonly instanceId: string;
  readonly localIpv4: string;
  readonly availabilityZone: string;
  readonly instanceType: string;
}

// The link-local address of the service on EC2:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
const EC2_METADATA_ENDPOINT = "http://169.254.169.254";
const TOKEN_SECONDS = 300;
const REQUEST_TIMEOUT_MS = 2_000;
const RETRY_FOR_MS = 60_000;
const PAUSE_MS = 500;
const NOT_FOUND = 404;

/**
 * Asks for a minute: on a busy machine the metadata service may be silent for long, and a worker that dies of it is
 * launched again in vain.
 */
export async function awaitInstanceIdentity(
  endpoint?: string,
  { retryForMs = RETRY_FOR_MS, pauseMs = PAUSE_MS } = {},
): Promise<InstanceIdentity> {
  const endsAt = Date.now() + retryForMs;
  for (;;) {
    try {
      return await readInstanceIdentity(endpoint);
    } catch (error) {
      if (Date.now() + pauseMs > endsAt)
        throw new Error(`The instance metadata service did not answer within ${Math.round(retryForMs / 1_000)} s.`, {
          cause: error,
        });
    }
    await sleep(pauseMs);
  }
}

/** Asks IMDSv2. Throws when no metadata service answers, that is, when this is not an instance. */
export async function readInstanceIdentity(endpoint?: string): Promise<InstanceIdentity> {
  const { read: find } = await openMetadata(endpoint);
  const read = async (path: string): Promise<string> => {
    const text = await find(path);
    if (text === null) throw new Error(`The instance metadata service has no ${path}.`);
    return text;
  };
  const [instanceId, localIpv4, availabilityZone, instanceType] = await Promise.all([
    read("instance-id"),
    read("local-ipv4"),
    read("placement/availability-zone"),
    read("instance-type"),
  ]);
  return { instanceId, localIpv4, availabilityZone, instanceType };
}

/** For five minutes: as long as its token serves. */
export async function openMetadata(endpoint: string = EC2_METADATA_ENDPOINT): Promise<Metadata> {
  const response = await ask(`${endpoint}/latest/api/token`, {
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": String(TOKEN_SECONDS) },
  });
  const token = await response.text();
  return {
    read: async (path) => {
      const headers = { "x-aws-ec2-metadata-token": token };
      const found = await ask(`${endpoint}/latest/meta-data/${path}`, { headers });
      const text = await found.text();
      return found.status === NOT_FOUND ? null : text;
    },
  };
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  if (response.ok || response.status === NOT_FOUND) return response;
  await response.body?.cancel();
  throw new Error(`The instance metadata service answered ${response.status} to ${url}`);
}
