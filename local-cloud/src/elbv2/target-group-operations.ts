import {
  type CreateTargetGroupCommandInput,
  type CreateTargetGroupCommandOutput,
  type DeleteTargetGroupCommandInput,
  type DeleteTargetGroupCommandOutput,
  type DescribeTargetGroupAttributesCommandInput,
  type DescribeTargetGroupAttributesCommandOutput,
  type DescribeTargetGroupsCommandInput,
  type DescribeTargetGroupsCommandOutput,
  DuplicateTargetGroupNameException,
  type ModifyTargetGroupAttributesCommandInput,
  type ModifyTargetGroupAttributesCommandOutput,
  type ModifyTargetGroupCommandInput,
  type ModifyTargetGroupCommandOutput,
  ResourceInUseException,
  type TargetGroup,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Handler } from "../wire/handler.ts";
import { changedAttributes, listAttributes, TARGET_GROUP_ATTRIBUTES } from "./attributes.ts";
import {
  arnOf,
  checkedName,
  type ElbContext,
  getLoadBalancer,
  getTargetGroup,
  newId,
  pageOf,
  tagsOf,
  targetGroupNotFound,
  validationError,
} from "./context.ts";
import type { TargetGroupDocument } from "./documents.ts";
import { matcherOf } from "./proxy/health.ts";

type HealthCheckSettings = TargetGroupDocument["healthCheck"];

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
const DEFAULT_HEALTH_CHECK: HealthCheckSettings = {
  path: "/",
  port: "traffic-port",
  intervalSeconds: 30,
  timeoutSeconds: 5,
  healthyThreshold: 5,
  unhealthyThreshold: 2,
  matcher: "200",
};

export function targetGroupOperations(context: ElbContext) {
  const { catalogue, dataPlane } = context;

  const CreateTargetGroup: Handler<CreateTargetGroupCommandInput, CreateTargetGroupCommandOutput> = async (
    input,
    call,
  ) => {
    const name = checkedName(input.Name, "Target group");
    if ((input.Protocol ?? "HTTP") !== "HTTP")
      throw validationError("Only target groups of protocol HTTP are supported");
    const targetType = input.TargetType ?? "instance";
    if (targetType !== "instance" && targetType !== "ip")
      throw validationError("Only target types instance and ip are supported");
    const wanted = {
      name,
      port: checkedPort(input.Port),
      vpcId: input.VpcId ?? null,
      targetType,
      healthCheck: changedHealthCheck(DEFAULT_HEALTH_CHECK, input),
    };
    const existing = catalogue.targetGroups.list().find((one) => one.name === name);
    if (existing) {
      if (sameSettings(existing, wanted)) return { TargetGroups: [describe(existing)] };
      const message = "A target group with the same name exists, but with different settings";
      throw new DuplicateTargetGroupNameException({ message, $metadata: {} });
    }
    const arn = arnOf(call, `targetgroup/${name}/${newId()}`);
    const document: TargetGroupDocument = { arn, ...wanted, attributes: {}, tags: tagsOf(input.Tags), targets: [] };
    catalogue.targetGroups.save(document);
    return { TargetGroups: [describe(document)] };
  };

  const DescribeTargetGroups: Handler<DescribeTargetGroupsCommandInput, DescribeTargetGroupsCommandOutput> = async (
    input,
  ) => {
    const { TargetGroupArns: arns = [], Names: names = [], LoadBalancerArn } = input;
    if (LoadBalancerArn !== undefined) getLoadBalancer(context, LoadBalancerArn);
    const all = catalogue.targetGroups.list();
    const missing =
      arns.some((arn) => !catalogue.targetGroups.find(arn)) ||
      names.some((name) => !all.some((one) => one.name === name));
    if (missing) throw targetGroupNotFound();
    const wanted = all.filter(
      ({ arn, name }) =>
        (arns.length === 0 || arns.includes(arn)) &&
        (names.length === 0 || names.includes(name)) &&
        (LoadBalancerArn === undefined || loadBalancersOf(arn).includes(LoadBalancerArn)),
    );
    const { page, nextMarker } = pageOf(wanted, input);
    return { TargetGroups: page.map(describe), NextMarker: nextMarker };
  };

  const ModifyTargetGroup: Handler<ModifyTargetGroupCommandInput, ModifyTargetGroupCommandOutput> = async (input) => {
    const document = getTargetGroup(context, input.TargetGroupArn);
    const changed = { ...document, healthCheck: changedHealthCheck(document.healthCheck, input) };
    catalogue.targetGroups.save(changed);
    return { TargetGroups: [describe(changed)] };
  };

  const DeleteTargetGroup: Handler<DeleteTargetGroupCommandInput, DeleteTargetGroupCommandOutput> = async (input) => {
    const document = catalogue.targetGroups.find(input.TargetGroupArn);
    if (!document) return {}; // as in AWS, deleting what is not there succeeds
    if (loadBalancersOf(document.arn).length > 0) {
      const message = `Target group '${document.arn}' is currently in use by a listener or a rule`;
      throw new ResourceInUseException({ message, $metadata: {} });
    }
    catalogue.targetGroups.delete(document.arn);
    dataPlane.removeGroup(document.arn);
    return {};
  };

  const DescribeTargetGroupAttributes: Handler<
    DescribeTargetGroupAttributesCommandInput,
    DescribeTargetGroupAttributesCommandOutput
  > = async (input) => {
    const { attributes } = getTargetGroup(context, input.TargetGroupArn);
    return { Attributes: listAttributes(TARGET_GROUP_ATTRIBUTES, attributes) };
  };

  const ModifyTargetGroupAttributes: Handler<
    ModifyTargetGroupAttributesCommandInput,
    ModifyTargetGroupAttributesCommandOutput
  > = async (input) => {
    const document = getTargetGroup(context, input.TargetGroupArn);
    const changed = {
      ...document,
      attributes: changedAttributes(TARGET_GROUP_ATTRIBUTES, document.attributes, input.Attributes),
    };
    catalogue.targetGroups.save(changed);
    dataPlane.applyAttributes(changed);
    return { Attributes: listAttributes(TARGET_GROUP_ATTRIBUTES, changed.attributes) };
  };

  function loadBalancersOf(targetGroupArn: string): readonly string[] {
    const using = catalogue.listeners.list().filter((listener) => listener.targetGroupArn === targetGroupArn);
    return [...new Set(using.map(({ loadBalancerArn }) => loadBalancerArn))];
  }

  function describe(document: TargetGroupDocument): TargetGroup {
    const { healthCheck } = document;
    return {
      TargetGroupArn: document.arn,
      TargetGroupName: document.name,
      Protocol: "HTTP",
      ProtocolVersion: "HTTP1",
      Port: document.port,
      VpcId: document.vpcId ?? undefined,
      TargetType: document.targetType,
      IpAddressType: "ipv4",
      LoadBalancerArns: [...loadBalancersOf(document.arn)],
      HealthCheckEnabled: true,
      HealthCheckProtocol: "HTTP",
      HealthCheckPort: healthCheck.port,
      HealthCheckPath: healthCheck.path,
      HealthCheckIntervalSeconds: healthCheck.intervalSeconds,
      HealthCheckTimeoutSeconds: healthCheck.timeoutSeconds,
      HealthyThresholdCount: healthCheck.healthyThreshold,
      UnhealthyThresholdCount: healthCheck.unhealthyThreshold,
      Matcher: { HttpCode: healthCheck.matcher },
    };
  }

  return {
    CreateTargetGroup,
    DescribeTargetGroups,
    ModifyTargetGroup,
    DeleteTargetGroup,
    DescribeTargetGroupAttributes,
    ModifyTargetGroupAttributes,
  };
}

/**
 * Throws ValidationError. Intervals and timeouts may be fractions of a second, below AWS's 5 and 2 s, so that tests
 * need not wait.
 */
function changedHealthCheck(
  before: HealthCheckSettings,
  input: Omit<ModifyTargetGroupCommandInput, "TargetGroupArn">,
): HealthCheckSettings {
  if (input.HealthCheckEnabled === false) throw validationError("Health checks cannot be switched off");
  if ((input.HealthCheckProtocol ?? "HTTP") !== "HTTP") throw validationError("Health checks speak HTTP only");
  const after: HealthCheckSettings = {
    path: input.HealthCheckPath ?? before.path,
    port: input.HealthCheckPort ?? before.port,
    intervalSeconds: input.HealthCheckIntervalSeconds ?? before.intervalSeconds,
    timeoutSeconds: input.HealthCheckTimeoutSeconds ?? before.timeoutSeconds,
    healthyThreshold: input.HealthyThresholdCount ?? before.healthyThreshold,
    unhealthyThreshold: input.UnhealthyThresholdCount ?? before.unhealthyThreshold,
    matcher: input.Matcher?.HttpCode ?? before.matcher,
  };
  if (!/^\/[\x21-\x7e]{0,1023}$/.test(after.path))
    throw validationError(`Health check path '${after.path}' must begin with '/' and be at most 1024 characters`);
  if (!(after.intervalSeconds > 0 && after.intervalSeconds <= 300))
    throw validationError("Health check interval must be above 0 and at most 300 seconds");
  if (!(after.timeoutSeconds > 0 && after.timeoutSeconds <= 120))
    throw validationError("Health check timeout must be above 0 and at most 120 seconds");
  if (after.timeoutSeconds > after.intervalSeconds)
    throw validationError("Health check timeout must not exceed the interval");
  for (const threshold of [after.healthyThreshold, after.unhealthyThreshold]) {
    if (!Number.isInteger(threshold) || threshold < 1 || threshold > 10)
      throw validationError("Health check thresholds must be from 2 to 10");
  }
  if (after.port !== "traffic-port") checkedPort(Number(after.port));
  if (!matcherOf(after.matcher))
    throw validationError(`Matcher '${after.matcher}' must be codes such as '200', '200,202' or '200-299'`);
  return after;
}

function checkedPort(port: number | undefined): number {
  if (port !== undefined && Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw validationError("A port from 1 to 65535 must be specified");
}

function sameSettings(a: Omit<TargetGroupDocument, "arn" | "attributes" | "tags" | "targets">, b: typeof a): boolean {
  const settings = ({ port, vpcId, targetType, healthCheck }: typeof a) =>
    JSON.stringify([port, vpcId, targetType, Object.entries(healthCheck)]);
  return settings(a) === settings(b);
}
