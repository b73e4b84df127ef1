import { randomBytes } from "node:crypto";
import type { RunInstancesCommandInput, RunInstancesCommandOutput } from "@aws-sdk/client-ec2";
import { Fault, type Handler } from "../../wire/handler.ts";
import { type Ec2Context, refuseDryRun } from "../context.ts";
import { after } from "../instances/lifecycle.ts";
import { toInstance } from "../instances/present.ts";
import { type InstanceRecord, isAlive, newId } from "../instances/record.ts";
import { type RunRequest, readRunRequest } from "../instances/run-request.ts";
import { countUsed, freeAddresses, type Subnet } from "../network.ts";

export function createRunInstances(context: Ec2Context): Handler<RunInstancesCommandInput, RunInstancesCommandOutput> {
  // One after the other: two requests with one token, or for the last free place, must see each other.
  let queue: Promise<unknown> = Promise.resolve();
  return async (input) => {
    const request = readRunRequest(input);
    const run = queue.then(() => runInstances(context, request, input.DryRun));
    queue = run.catch(() => undefined);
    const records = await run;
    return {
      ReservationId: records[0]?.reservationId,
      OwnerId: context.accountId,
      Groups: [],
      Instances: records.map((record) => toInstance(record, context)),
    };
  };
}

async function runInstances(
  context: Ec2Context,
  request: RunRequest,
  isDryRun: boolean | undefined,
): Promise<readonly InstanceRecord[]> {
  const { store, supervisor, log } = context;
  const repeated = findRepeated(context, request);
  if (repeated) return repeated;
  checkProfile(context, request);
  const subnet = chooseSubnet(context, request);
  if (context.launchFaults.hasFailed(subnet.availabilityZone)) throw noCapacity();
  const count = grantCount(
    request,
    store.list().filter((record) => isAlive(record) && record.state !== "stopped").length,
    context.settings(),
  );
  refuseDryRun(isDryRun);

  const reservationId = newId("r");
  const records: InstanceRecord[] = [];
  for (let launchIndex = 0; launchIndex < count; launchIndex++) {
    const record = await prepareInstance(context, request, { subnet, reservationId, launchIndex, taken: records });
    if (!record) break;
    records.push(record);
  }
  if (records.length < request.minCount) {
    await Promise.all(records.map((record) => context.endpoints.close(record.instanceId)));
    throw new Fault(
      "InsufficientFreeAddressesInSubnet",
      `The subnet '${subnet.subnetId}' (${subnet.cidrBlock}) has not enough free addresses to satisfy the request.`,
    );
  }
  store.insert(
    records,
    request.clientToken === null
      ? undefined
      : { token: request.clientToken, fingerprint: request.fingerprint, reservationId },
  );
  for (const { instanceId } of records) log.info({ instanceId, subnetId: subnet.subnetId }, "instance pending");
  supervisor.wake();
  return records;
}

function checkProfile({ profiles }: Ec2Context, { profileName }: RunRequest): void {
  if (profileName === null || profiles === undefined || profiles.has(profileName)) return;
  const message = `Value (${profileName}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name`;
  throw new Fault("InvalidParameterValue", message);
}

function findRepeated({ store }: Ec2Context, request: RunRequest): readonly InstanceRecord[] | undefined {
  const use = request.clientToken === null ? undefined : store.findToken(request.clientToken);
  if (!use) return undefined;
  if (use.fingerprint !== request.fingerprint) {
    throw new Fault(
      "IdempotentParameterMismatch",
      "The client token you have provided is associated with a resource that was created with different parameters.",
    );
  }
  return store
    .list()
    .filter((record) => record.reservationId === use.reservationId)
    .toSorted((left, right) => left.launchIndex - right.launchIndex);
}

/** The one asked for, else the emptiest (of the zone asked for). */
function chooseSubnet(context: Ec2Context, request: RunRequest): Subnet {
  if (request.subnetId !== null) {
    const subnet = context.subnets.find(({ subnetId }) => subnetId === request.subnetId);
    if (!subnet) throw new Fault("InvalidSubnetID.NotFound", `The subnet ID '${request.subnetId}' does not exist`);
    return subnet;
  }
  const taken = takenAddresses(context);
  const [emptiest] = context.subnets
    .filter(
      ({ availabilityZone }) =>
        availabilityZone === request.availabilityZone ||
        (request.availabilityZone === null && !context.launchFaults.hasFailed(availabilityZone)),
    )
    .toSorted((left, right) => countUsed(left, taken) - countUsed(right, taken));
  if (!emptiest) {
    if (request.availabilityZone === null) throw noCapacity();
    throw new Fault("InvalidParameterValue", `Invalid availability zone: [${request.availabilityZone}]`);
  }
  return emptiest;
}

/** EC2 gives as many as it can, from MinCount on. */
function grantCount(
  { minCount, maxCount }: { readonly minCount: number; readonly maxCount: number },
  existing: number,
  { instanceLimit, capacity }: { readonly instanceLimit: number; readonly capacity: number },
): number {
  if (instanceLimit - existing < minCount) {
    throw new Fault(
      "InstanceLimitExceeded",
      `You have requested more instances (${existing + minCount}) than your current instance limit of ${instanceLimit} allows.`,
    );
  }
  if (capacity - existing < minCount) {
    throw noCapacity();
  }
  return Math.min(maxCount, instanceLimit - existing, capacity - existing);
}

function noCapacity(): Fault {
  return new Fault(
    "InsufficientInstanceCapacity",
    "There is no Spot or On-Demand capacity available that matches your request; try again later or ask for fewer instances.",
    500,
  );
}

async function prepareInstance(
  context: Ec2Context,
  request: RunRequest,
  at: {
    readonly subnet: Subnet;
    readonly reservationId: string;
    readonly launchIndex: number;
    readonly taken: readonly InstanceRecord[];
  },
): Promise<InstanceRecord | undefined> {
  const { store, endpoints, launchFaults, settings, now } = context;
  const instanceId = newId("i");
  const taken = takenAddresses(context).union(new Set(at.taken.map((record) => record.privateIpAddress)));
  const last = at.taken.at(-1)?.privateIpAddress ?? lastAddress(store.list(), at.subnet.subnetId);
  const place = await endpoints.openFirst(instanceId, freeAddresses(at.subnet, taken, last), settings().metadataPort);
  if (!place) return undefined;
  launchFaults.note(instanceId);
  const launchedAt = now();
  return {
    instanceId,
    reservationId: at.reservationId,
    launchIndex: at.launchIndex,
    clientToken: request.clientToken,
    imageId: request.imageId,
    instanceType: request.instanceType,
    subnetId: at.subnet.subnetId,
    availabilityZone: at.subnet.availabilityZone,
    vpcId: at.subnet.vpcId,
    privateIpAddress: place.address,
    metadataPort: place.port,
    metadataSecret: randomBytes(24).toString("base64url"),
    httpTokens: request.httpTokens,
    httpEndpoint: request.httpEndpoint,
    instanceMetadataTags: request.instanceMetadataTags,
    securityGroupIds: [...request.securityGroupIds],
    profileName: request.profileName,
    userData: request.userData,
    detailedMonitoring: request.detailedMonitoring,
    shutdownBehavior: request.shutdownBehavior,
    terminationProtected: request.terminationProtected,
    tags: request.tags,
    state: "pending",
    stateReason: null,
    stateTransitionReason: "",
    launchedAt,
    bootsAt: after(launchedAt, context.bootSeconds + launchFaults.takeExtraBootSeconds()),
    startedAt: null,
    leader: null,
    killsAt: null,
    hung: false,
    endedAt: null,
    folderRemoved: false,
  };
}

function takenAddresses({ store }: Ec2Context): Set<string> {
  return new Set(
    store
      .list()
      .filter(isAlive)
      .map((record) => record.privateIpAddress),
  );
}

function lastAddress(records: readonly InstanceRecord[], subnetId: string): string | undefined {
  return records
    .filter((record) => record.subnetId === subnetId)
    .toSorted((left, right) => left.launchedAt.getTime() - right.launchedAt.getTime())
    .at(-1)?.privateIpAddress;
}
