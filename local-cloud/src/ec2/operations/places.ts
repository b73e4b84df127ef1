import type {
  DescribeAvailabilityZonesCommandInput,
  DescribeAvailabilityZonesCommandOutput,
  DescribeSubnetsCommandInput,
  DescribeSubnetsCommandOutput,
} from "@aws-sdk/client-ec2";
import { Fault, type Handler } from "../../wire/handler.ts";
import type { Ec2Context } from "../context.ts";
import { applyFilters, type Property } from "../filters.ts";
import { isAlive } from "../instances/record.ts";
import { countUsed, type Subnet } from "../network.ts";

export function createDescribeSubnets(
  context: Ec2Context,
): Handler<DescribeSubnetsCommandInput, DescribeSubnetsCommandOutput> {
  return async (input) => {
    const named = pick(
      context.subnets,
      input.SubnetIds,
      (subnet) => subnet.subnetId,
      (id) => {
        return new Fault("InvalidSubnetID.NotFound", `The subnet ID '${id}' does not exist`);
      },
    );
    const taken = new Set(
      context.store
        .list()
        .filter(isAlive)
        .map((record) => record.privateIpAddress),
    );
    return {
      Subnets: applyFilters(named, input.Filters, findSubnetProperty).map((subnet) => ({
        AvailabilityZone: subnet.availabilityZone,
        AvailableIpAddressCount: subnet.addresses.length - countUsed(subnet, taken),
        CidrBlock: subnet.cidrBlock,
        DefaultForAz: true,
        MapPublicIpOnLaunch: false,
        OwnerId: context.accountId,
        State: "available",
        SubnetArn: `arn:aws:ec2:${context.region}:${context.accountId}:subnet/${subnet.subnetId}`,
        SubnetId: subnet.subnetId,
        Tags: [],
        VpcId: subnet.vpcId,
      })),
    };
  };
}

export function createDescribeAvailabilityZones(
  context: Ec2Context,
): Handler<DescribeAvailabilityZonesCommandInput, DescribeAvailabilityZonesCommandOutput> {
  return async (input) => {
    const zones = [...new Set(context.subnets.map((subnet) => subnet.availabilityZone))].toSorted();
    const named = pick(
      zones,
      input.ZoneNames,
      (zone) => zone,
      (id) => {
        return new Fault("InvalidParameterValue", `Invalid availability zone: [${id}]`);
      },
    );
    const findProperty = (name: string): Property<string> | undefined => {
      if (name === "zone-name") return (zone) => [zone];
      if (name === "state") return () => ["available"];
      if (name === "region-name") return () => [context.region];
      return undefined;
    };
    return {
      AvailabilityZones: applyFilters(named, input.Filters, findProperty).map((zone) => ({
        GroupName: context.region,
        Messages: [],
        OptInStatus: "opt-in-not-required",
        RegionName: context.region,
        State: "available",
        ZoneId: `local-az${zone.charCodeAt(zone.length - 1) - 96}`,
        ZoneName: zone,
        ZoneType: "availability-zone",
      })),
    };
  };
}

function pick<Item>(
  items: readonly Item[],
  ids: readonly string[] | undefined,
  idOf: (item: Item) => string,
  toFault: (id: string) => Fault,
): readonly Item[] {
  if (ids === undefined || ids.length === 0) return items;
  return ids.map((id) => {
    const item = items.find((candidate) => idOf(candidate) === id);
    if (item === undefined) throw toFault(id);
    return item;
  });
}

function findSubnetProperty(name: string): Property<Subnet> | undefined {
  switch (name) {
    case "subnet-id":
      return (subnet) => [subnet.subnetId];
    case "vpc-id":
      return (subnet) => [subnet.vpcId];
    case "availability-zone":
      return (subnet) => [subnet.availabilityZone];
    case "cidr-block":
      return (subnet) => [subnet.cidrBlock];
    case "state":
      return () => ["available"];
    case "default-for-az":
      return () => ["true"];
    default:
      return undefined;
  }
}
