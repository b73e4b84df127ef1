import { Duration } from "aws-cdk-lib";
import { type ISecurityGroup, Peer, Port, SecurityGroup, type Vpc } from "aws-cdk-lib/aws-ec2";
import {
  ApplicationListener,
  ApplicationLoadBalancer,
  ApplicationProtocol,
  ApplicationTargetGroup,
  ListenerAction,
  ListenerCertificate,
  SslPolicy,
  TargetType,
} from "aws-cdk-lib/aws-elasticloadbalancingv2";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { Resources } from "../../../shared/src/resources.ts";
import { accept } from "../answers.ts";
import { MANAGER_PORT, WORKER_PORT } from "../names.ts";
import type { Options } from "../options.ts";

/**
 * As on local-cloud. A request takes 55 s at most, below the balancer's idle time, and a deregistered worker has as
 * long to end it.
 */
const CHECKS = {
  path: "/healthz",
  interval: Duration.seconds(5),
  timeout: Duration.seconds(4),
  healthyThresholdCount: 2,
  unhealthyThresholdCount: 3,
  healthyHttpCodes: "200",
};
const IDLE = Duration.seconds(60);
const DEREGISTRATION = Duration.seconds(60);

interface BalancerDeps {
  readonly vpc: Vpc;
  readonly logs: Bucket;
  readonly resources: Resources;
}

/** The one way in: the group that it stands in. */
export function makeBalancerGroup(scope: Construct, vpc: Vpc, options: Options): SecurityGroup {
  const group = new SecurityGroup(scope, "BalancerGroup", {
    vpc,
    description: "The load balancer: browsers, and administrators at the port of the manager",
  });
  for (const port of options.CERTIFICATE_ARN === undefined ? [80] : [80, 443])
    group.addIngressRule(Peer.anyIpv4(), Port.tcp(port), "Browsers");
  group.addIngressRule(Peer.ipv4(options.ADMIN_CIDR), Port.tcp(MANAGER_PORT), "Administrators");
  accept(group, { EC23: "It is a public web site. ADMIN_CIDR narrows the port of the manager." });
  return group;
}

/** HTTPS with a redirect from HTTP; HTTP alone where there is no certificate. The autoscaler registers the targets. */
export function makeBalancer(
  scope: Construct,
  options: Options,
  { vpc, logs, resources, group }: BalancerDeps & { readonly group: ISecurityGroup },
): ApplicationLoadBalancer {
  const balancer = new ApplicationLoadBalancer(scope, "Balancer", {
    loadBalancerName: resources.loadBalancer,
    vpc,
    internetFacing: true,
    securityGroup: group,
    idleTimeout: IDLE,
    dropInvalidHeaderFields: true,
    deletionProtection: false,
  });
  writeAccessLogs(balancer, logs);
  const workers = new ApplicationTargetGroup(scope, "WebWorkers", {
    targetGroupName: resources.targetGroup,
    vpc,
    port: WORKER_PORT,
    protocol: ApplicationProtocol.HTTP,
    targetType: TargetType.INSTANCE,
    healthCheck: CHECKS,
    deregistrationDelay: DEREGISTRATION,
  });
  const toWorkers = ListenerAction.forward([workers]);
  const http = { protocol: ApplicationProtocol.HTTP, port: 80, open: false };
  if (options.CERTIFICATE_ARN === undefined) {
    balancer.addListener("Http", { ...http, defaultAction: toWorkers });
  } else {
    balancer.addListener("Https", {
      ...secure(options.CERTIFICATE_ARN),
      port: 443,
      open: false,
      defaultAction: toWorkers,
    });
    balancer.addListener("Http", {
      ...http,
      defaultAction: ListenerAction.redirect({ protocol: "HTTPS", port: "443", permanent: true }),
    });
  }
  return balancer;
}

/** The dashboard, at the manager's own port of the same balancer, with the same certificate. */
export function makeManagerListener(
  scope: Construct,
  options: Options,
  { balancer, vpc, instanceId }: { balancer: ApplicationLoadBalancer; vpc: Vpc; instanceId: string },
): ApplicationTargetGroup {
  const managers = new ApplicationTargetGroup(scope, "Managers", {
    vpc,
    port: MANAGER_PORT,
    protocol: ApplicationProtocol.HTTP,
    targetType: TargetType.INSTANCE,
    targets: [
      { attachToApplicationTargetGroup: () => ({ targetType: TargetType.INSTANCE, targetJson: { id: instanceId } }) },
    ],
    healthCheck: CHECKS,
    deregistrationDelay: Duration.seconds(5),
  });
  new ApplicationListener(scope, "ManagerListener", {
    loadBalancer: balancer,
    port: MANAGER_PORT,
    open: false,
    defaultAction: ListenerAction.forward([managers]),
    ...(options.CERTIFICATE_ARN === undefined
      ? { protocol: ApplicationProtocol.HTTP }
      : secure(options.CERTIFICATE_ARN)),
  });
  return managers;
}

function secure(certificateArn: string) {
  return {
    protocol: ApplicationProtocol.HTTPS,
    certificates: [ListenerCertificate.fromArn(certificateArn)],
    sslPolicy: SslPolicy.RECOMMENDED_TLS,
  };
}

/** By attributes: the construct's own way wants to know the region, which this template leaves open. */
function writeAccessLogs(balancer: ApplicationLoadBalancer, logs: Bucket): void {
  const written = logs.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal("logdelivery.elasticloadbalancing.amazonaws.com")],
      actions: ["s3:PutObject"],
      resources: [logs.arnForObjects("*")],
    }),
  );
  balancer.setAttribute("access_logs.s3.enabled", "true");
  balancer.setAttribute("access_logs.s3.bucket", logs.bucketName);
  // The first delivery is tried when the balancer is made.
  if (written.policyDependable !== undefined) balancer.node.addDependency(written.policyDependable);
}
