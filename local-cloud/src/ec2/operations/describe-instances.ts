import type {
  DescribeInstanceStatusCommandInput,
  DescribeInstanceStatusCommandOutput,
  DescribeInstancesCommandInput,
  DescribeInstancesCommandOutput,
  GetConsoleOutputCommandInput,
  GetConsoleOutputCommandOutput,
} from "@aws-sdk/client-ec2";
import { Fault, type Handler } from "../../wire/handler.ts";
import { type Ec2Context, getNamed, getNamedForChange, listVisible, refuseDryRun } from "../context.ts";
import { applyFilters, type Property, tagProperty } from "../filters.ts";
import { profileArn, toReservations, toStatus } from "../instances/present.ts";
import { type InstanceRecord, STATE_CODES } from "../instances/record.ts";
import { privateDnsName } from "../network.ts";
import { checkMaxResults, pageOf } from "../pages.ts";
import { CONSOLE_TAIL_BYTES, readTail } from "../processes/console-log.ts";
import { consoleLogOf } from "../processes/launch.ts";

export function createDescribeInstances(
  context: Ec2Context,
): Handler<DescribeInstancesCommandInput, DescribeInstancesCommandOutput> {
  return async (input) => {
    const { items, nextToken } = select(context, input, (name) => findInstanceProperty(name, context));
    refuseDryRun(input.DryRun);
    return { Reservations: toReservations(items, context), NextToken: nextToken };
  };
}

export function createDescribeInstanceStatus(
  context: Ec2Context,
): Handler<DescribeInstanceStatusCommandInput, DescribeInstanceStatusCommandOutput> {
  return async (input) => {
    const { items, nextToken } = select(context, input, findStatusProperty, (record) =>
      input.IncludeAllInstances ? true : record.state === "running",
    );
    refuseDryRun(input.DryRun);
    return { InstanceStatuses: items.map(toStatus), NextToken: nextToken };
  };
}

export function createGetConsoleOutput(
  context: Ec2Context,
): Handler<GetConsoleOutputCommandInput, GetConsoleOutputCommandOutput> {
  return async (input) => {
    const [record] = getNamedForChange(context, input.InstanceId === undefined ? [] : [input.InstanceId]);
    if (!record) throw new Fault("MissingParameter", "The request must contain the parameter InstanceId");
    refuseDryRun(input.DryRun);
    const tail = readTail(consoleLogOf(context.supervisor.folderOf(record.instanceId)), CONSOLE_TAIL_BYTES);
    return { InstanceId: record.instanceId, Output: tail.toString("base64"), Timestamp: context.now() };
  };
}

interface Selection {
  readonly InstanceIds?: string[];
  readonly Filters?: { readonly Name?: string; readonly Values?: string[] }[];
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

function select(
  context: Ec2Context,
  input: Selection,
  findProperty: (name: string) => Property<InstanceRecord> | undefined,
  isShown: (record: InstanceRecord) => boolean = () => true,
) {
  const ids = input.InstanceIds ?? [];
  if (ids.length > 0 && input.MaxResults !== undefined) {
    throw new Fault(
      "InvalidParameterCombination",
      "The parameter instancesSet cannot be used with the parameter maxResults",
    );
  }
  const maxResults = checkMaxResults(input.MaxResults);
  const visible = listVisible(context);
  const named = ids.length > 0 ? getNamed(visible, ids) : visible;
  const matching = applyFilters(named, input.Filters, findProperty).filter(isShown);
  return pageOf(matching, (record) => record.instanceId, { maxResults, nextToken: input.NextToken });
}

const INSTANCE_PROPERTIES: Readonly<Record<string, Property<InstanceRecord>>> = {
  architecture: () => ["x86_64"],
  "availability-zone": (record) => [record.availabilityZone],
  "client-token": (record) => [record.clientToken ?? ""],
  "group-id": (record) => record.securityGroupIds,
  "group-name": (record) => record.securityGroupIds,
  hypervisor: () => ["xen"],
  "image-id": (record) => [record.imageId],
  "instance-id": (record) => [record.instanceId],
  "instance-state-code": (record) => [String(STATE_CODES[record.state])],
  "instance-state-name": (record) => [record.state],
  "instance-type": (record) => [record.instanceType],
  "instance.group-id": (record) => record.securityGroupIds,
  "instance.group-name": (record) => record.securityGroupIds,
  "ip-address": () => [],
  "key-name": () => [],
  "launch-index": (record) => [String(record.launchIndex)],
  "launch-time": (record) => [record.launchedAt.toISOString()],
  "metadata-options.http-endpoint": (record) => [record.httpEndpoint],
  "metadata-options.http-tokens": (record) => [record.httpTokens],
  "metadata-options.instance-metadata-tags": (record) => [record.instanceMetadataTags],
  "monitoring-state": (record) => [record.detailedMonitoring ? "enabled" : "disabled"],
  "network-interface.addresses.private-ip-address": (record) => [record.privateIpAddress],
  "network-interface.subnet-id": (record) => [record.subnetId],
  "network-interface.vpc-id": (record) => [record.vpcId],
  "private-ip-address": (record) => [record.privateIpAddress],
  reason: (record) => [record.stateTransitionReason],
  "reservation-id": (record) => [record.reservationId],
  "root-device-type": () => ["ebs"],
  "state-reason-code": (record) => (record.stateReason ? [record.stateReason.code] : []),
  "state-reason-message": (record) => (record.stateReason ? [record.stateReason.message] : []),
  "subnet-id": (record) => [record.subnetId],
  tenancy: () => ["default"],
  "virtualization-type": () => ["hvm"],
  "vpc-id": (record) => [record.vpcId],
};

function findInstanceProperty(name: string, { accountId, region }: Ec2Context): Property<InstanceRecord> | undefined {
  switch (name) {
    case "owner-id":
      return () => [accountId];
    case "iam-instance-profile.arn":
      return (record) => (record.profileName === null ? [] : [profileArn(record.profileName, accountId)]);
    case "private-dns-name":
      return (record) => [privateDnsName(record.privateIpAddress, region)];
    default:
      return tagProperty(name) ?? (Object.hasOwn(INSTANCE_PROPERTIES, name) ? INSTANCE_PROPERTIES[name] : undefined);
  }
}

function findStatusProperty(name: string): Property<InstanceRecord> | undefined {
  switch (name) {
    case "availability-zone":
    case "instance-state-code":
    case "instance-state-name":
      return INSTANCE_PROPERTIES[name];
    case "instance-status.status":
      return (record) => [toStatus(record).InstanceStatus?.Status ?? ""];
    case "instance-status.reachability":
      return (record) => (toStatus(record).InstanceStatus?.Details ?? []).map((detail) => detail.Status ?? "");
    case "system-status.status":
      return (record) => [toStatus(record).SystemStatus?.Status ?? ""];
    case "system-status.reachability":
      return (record) => (toStatus(record).SystemStatus?.Details ?? []).map((detail) => detail.Status ?? "");
    default:
      return undefined;
  }
}
