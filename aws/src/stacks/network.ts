import { RemovalPolicy } from "aws-cdk-lib";
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";

/**
 * Two zones. The balancer stands in the public subnets; workers and the manager in private ones, out of reach, with a
 * way out to Stripe, OpenID providers and photo addresses; the database in subnets without any. S3 is reached inside
 * AWS: a worker boots without the internet.
 */
export function makeNetwork(scope: Construct): Vpc {
  const flowLogs = new LogGroup(scope, "FlowLogs", {
    retention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return new Vpc(scope, "Network", {
    ipAddresses: IpAddresses.cidr("10.20.0.0/16"),
    maxAzs: 2,
    // One for both zones: half the price. When its zone fails, the other zone's workers go on with pages and files, and
    // without the other services.
    natGateways: 1,
    subnetConfiguration: [
      { name: "public", subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
      { name: "workers", subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 },
      { name: "database", subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
    ],
    gatewayEndpoints: { s3: { service: GatewayVpcEndpointAwsService.S3 } },
    flowLogs: {
      rejected: { destination: FlowLogDestination.toCloudWatchLogs(flowLogs), trafficType: FlowLogTrafficType.REJECT },
    },
  });
}
