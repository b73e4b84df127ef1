import type { Instance, InstanceStatus, Reservation, Tag } from "@aws-sdk/client-ec2";
import { privateDnsName } from "../network.ts";
import { type InstanceRecord, STATE_CODES } from "./record.ts";

export interface Place {
  readonly region: string;
  readonly accountId: string;
  readonly vcpus: number;
}

function toTags(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function toState(record: InstanceRecord): { Code: number; Name: InstanceRecord["state"] } {
  return { Code: STATE_CODES[record.state], Name: record.state };
}

export function toMonitoring(record: InstanceRecord): { State: "enabled" | "disabled" } {
  return { State: record.detailedMonitoring ? "enabled" : "disabled" };
}

export function profileArn(name: string, accountId: string): string {
  return `arn:aws:iam::${accountId}:instance-profile/${name}`;
}

/** As DescribeInstances shows it: a terminated instance has lost its network. */
export function toInstance(record: InstanceRecord, { region, accountId }: Place): Instance {
  const hasNetwork = record.state !== "terminated";
  return {
    AmiLaunchIndex: record.launchIndex,
    Architecture: "x86_64",
    ClientToken: record.clientToken ?? "",
    CpuOptions: { CoreCount: 1, ThreadsPerCore: 1 },
    CurrentInstanceBootMode: "uefi",
    EbsOptimized: false,
    EnaSupport: true,
    Hypervisor: "xen",
    IamInstanceProfile:
      record.profileName === null
        ? undefined
        : { Arn: profileArn(record.profileName, accountId), Id: `AIPA${record.instanceId.slice(-16).toUpperCase()}` },
    ImageId: record.imageId,
    InstanceId: record.instanceId,
    InstanceType: record.instanceType as Instance["InstanceType"], // any type is taken, also one newer than the SDK
    LaunchTime: record.launchedAt,
    MetadataOptions: toMetadataOptions(record),
    Monitoring: toMonitoring(record),
    Placement: { AvailabilityZone: record.availabilityZone, GroupName: "", Tenancy: "default" },
    PrivateDnsName: hasNetwork ? privateDnsName(record.privateIpAddress, region) : "",
    PrivateIpAddress: hasNetwork ? record.privateIpAddress : undefined,
    PublicDnsName: "",
    RootDeviceName: "/dev/xvda",
    RootDeviceType: "ebs",
    SecurityGroups: hasNetwork ? record.securityGroupIds.map((GroupId) => ({ GroupId, GroupName: GroupId })) : [],
    SourceDestCheck: hasNetwork ? true : undefined,
    State: toState(record),
    StateReason: record.stateReason
      ? { Code: record.stateReason.code, Message: record.stateReason.message }
      : record.state === "pending"
        ? { Code: "pending", Message: "pending" }
        : undefined,
    StateTransitionReason: record.stateTransitionReason,
    SubnetId: hasNetwork ? record.subnetId : undefined,
    Tags: toTags(record.tags),
    VirtualizationType: "hvm",
    VpcId: hasNetwork ? record.vpcId : undefined,
  };
}

function toMetadataOptions(record: InstanceRecord): NonNullable<Instance["MetadataOptions"]> {
  return {
    State: "applied",
    HttpTokens: record.httpTokens,
    HttpPutResponseHopLimit: 1,
    HttpEndpoint: record.httpEndpoint,
    HttpProtocolIpv6: "disabled",
    InstanceMetadataTags: record.instanceMetadataTags,
  };
}

/** Instances of one RunInstances call stand together. */
export function toReservations(records: readonly InstanceRecord[], place: Place): Reservation[] {
  return [...Map.groupBy(records, (record) => record.reservationId)].map(([ReservationId, members]) => ({
    ReservationId,
    OwnerId: place.accountId,
    Groups: [],
    Instances: members.map((record) => toInstance(record, place)),
  }));
}

/**
 * EC2's checks take some minutes to turn to `ok`; ours pass once the script runs, and fail while the instance hangs.
 */
export function toStatus(record: InstanceRecord): InstanceStatus {
  const status = record.state !== "running" ? "not-applicable" : record.hung ? "impaired" : "ok";
  const reachability: "passed" | "failed" = status === "ok" ? "passed" : "failed";
  const Details = status === "not-applicable" ? [] : [{ Name: "reachability" as const, Status: reachability }];
  return {
    AvailabilityZone: record.availabilityZone,
    InstanceId: record.instanceId,
    InstanceState: toState(record),
    InstanceStatus: { Status: status, Details },
    // The machine itself is fine while only its processes hang.
    SystemStatus: {
      Status: status === "impaired" ? "ok" : status,
      Details: Details.map((detail) => ({ ...detail, Status: "passed" as const })),
    },
    Events: [],
  };
}
