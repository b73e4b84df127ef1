import { randomBytes } from "node:crypto";
import { type MetadataEndpoint, openMetadataEndpoint } from "@elastic-gas/local-cloud/ec2/imds/endpoint";
import type { Instance } from "@elastic-gas/shared/aws/instances";

/** The metadata service of EC2 takes any account; an emulator has none that this machine knows. */
const ACCOUNT_ID = "000000000000";
const CREDENTIALS_MS = 6 * 3_600_000;

export interface WorkerIdentity {
  readonly instance: Instance;
  /** Of this machine, where the worker listens. */
  readonly address: string;
  readonly region: string;
  readonly role: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * The metadata service of one instance that runs nothing, for the process that does its work: a worker's program learns
 * who it is and gets its credentials as on EC2.
 */
export function serveMetadata(identity: WorkerIdentity): Promise<MetadataEndpoint> {
  const { instance, address, region, role, credentials } = identity;
  const record = {
    instanceId: instance.id,
    reservationId: "",
    launchIndex: 0,
    imageId: "",
    instanceType: instance.type,
    availabilityZone: instance.zone,
    privateIpAddress: address,
    metadataSecret: randomBytes(32).toString("hex"),
    httpTokens: "required",
    httpEndpoint: "enabled",
    instanceMetadataTags: "disabled",
    securityGroupIds: [],
    profileName: role,
    userData: "",
    tags: {},
    launchedAt: new Date(instance.launchedAt),
  } as const;
  return openMetadataEndpoint(address, 0, {
    find: () => ({
      record,
      context: {
        region,
        accountId: ACCOUNT_ID,
        privateDnsName: address,
        now: new Date(),
        credentialsOf: () => ({
          ...credentials,
          sessionToken: "",
          expiresAt: new Date(Date.now() + CREDENTIALS_MS),
        }),
      },
    }),
  });
}
