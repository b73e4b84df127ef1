import { type EC2Client, StopInstancesCommand } from "@aws-sdk/client-ec2";
import { readInstanceIdentity } from "@elastic-gas/shared/aws/instance-identity";

export type OwnInstance =
  | { readonly kind: "stopping"; readonly instanceId: string }
  | { readonly kind: "not stopped"; readonly why: string };

/**
 * Stops the EC2 instance that this process runs on: the last act of the manager's stop button. The id comes from the
 * instance's own metadata service, so it can be no other instance. Never throws: the pools are gone by now, and whoever
 * watches can stop the instance by hand.
 */
export async function stopOwnInstance(ec2: EC2Client, metadataEndpoint?: string): Promise<OwnInstance> {
  let instanceId: string | undefined;
  try {
    ({ instanceId } = await readInstanceIdentity(metadataEndpoint));
    await ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    return { kind: "stopping", instanceId };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: "not stopped", why: instanceId === undefined ? `this is no EC2 instance: ${why}` : why };
  }
}
