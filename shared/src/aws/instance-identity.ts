import { setTimeout as sleep } from "node:timers/promises";

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
export async function readInstanceIdentity(endpoint: string = EC2_METADATA_ENDPOINT): Promise<InstanceIdentity> {
  const token = await ask(`${endpoint}/latest/api/token`, {
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": String(TOKEN_SECONDS) },
  });
  const read = (path: string) =>
    ask(`${endpoint}/latest/meta-data/${path}`, { headers: { "x-aws-ec2-metadata-token": token } });
  const [instanceId, localIpv4, availabilityZone, instanceType] = await Promise.all([
    read("instance-id"),
    read("local-ipv4"),
    read("placement/availability-zone"),
    read("instance-type"),
  ]);
  return { instanceId, localIpv4, availabilityZone, instanceType };
}

async function ask(url: string, init: RequestInit): Promise<string> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`The instance metadata service answered ${response.status} to ${url}`);
  return response.text();
}
