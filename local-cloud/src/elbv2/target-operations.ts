import { isIPv4 } from "node:net";
import {
  type DeregisterTargetsCommandInput,
  type DeregisterTargetsCommandOutput,
  type DescribeTargetHealthCommandInput,
  type DescribeTargetHealthCommandOutput,
  InvalidTargetException,
  type RegisterTargetsCommandInput,
  type RegisterTargetsCommandOutput,
  type TargetDescription,
  type TargetHealthDescription,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Handler } from "../wire/handler.ts";
import { type ElbContext, getTargetGroup, validationError } from "./context.ts";
import { targetKey } from "./data-plane.ts";
import type { TargetDocument, TargetGroupDocument } from "./documents.ts";

export function targetOperations(context: ElbContext) {
  const { catalogue, dataPlane, getInstance } = context;

  const RegisterTargets: Handler<RegisterTargetsCommandInput, RegisterTargetsCommandOutput> = async (input) => {
    const group = getTargetGroup(context, input.TargetGroupArn);
    const targets = wantedTargets(group, input.Targets);
    for (const { id } of targets) assertRegistrable(group, id);
    const all = new Map([...group.targets, ...targets].map((target) => [targetKey(target), target]));
    catalogue.targetGroups.save({ ...group, targets: [...all.values()] });
    for (const target of targets) dataPlane.register(group.arn, target);
    return {};
  };

  const DeregisterTargets: Handler<DeregisterTargetsCommandInput, DeregisterTargetsCommandOutput> = async (input) => {
    const group = getTargetGroup(context, input.TargetGroupArn);
    // Without a port every registration of the id goes, whatever its port.
    const leaves = ({ id, port }: TargetDocument) =>
      (input.Targets ?? []).some(({ Id, Port }) => Id === id && (Port === undefined || Port === port));
    deregister(group, leaves);
    return {};
  };

  const DescribeTargetHealth: Handler<DescribeTargetHealthCommandInput, DescribeTargetHealthCommandOutput> = async (
    input,
  ) => {
    const group = getTargetGroup(context, input.TargetGroupArn);
    const known = dataPlane.listHealth(group).map(
      ({ target, health }): TargetHealthDescription => ({
        Target: { Id: target.id, Port: target.port },
        HealthCheckPort: group.healthCheck.port === "traffic-port" ? String(target.port) : group.healthCheck.port,
        TargetHealth: health,
      }),
    );
    if (!input.Targets) return { TargetHealthDescriptions: known };
    const asked = wantedTargets(group, input.Targets);
    return {
      TargetHealthDescriptions: asked.map(
        ({ id, port }) =>
          known.find(({ Target }) => Target?.Id === id && Target.Port === port) ??
          notRegistered({ Id: id, Port: port }),
      ),
    };
  };

  function deregister(group: TargetGroupDocument, leaves: (target: TargetDocument) => boolean): void {
    const leaving = group.targets.filter(leaves);
    if (leaving.length === 0) return;
    catalogue.targetGroups.save({ ...group, targets: group.targets.filter((target) => !leaves(target)) });
    for (const target of leaving) dataPlane.deregister(group, target);
  }

  function assertRegistrable({ targetType }: TargetGroupDocument, id: string): void {
    if (targetType === "ip") {
      if (!isIPv4(id)) throw validationError(`'${id}' is not a valid IPv4 address`);
      return;
    }
    const instance = getInstance(id);
    if (!instance)
      throw new InvalidTargetException({ message: `The following targets do not exist: '${id}'`, $metadata: {} });
    if (instance.state !== "running") {
      const message = `The following targets are not in a running state and cannot be registered: '${id}'`;
      throw new InvalidTargetException({ message, $metadata: {} });
    }
  }

  return { RegisterTargets, DeregisterTargets, DescribeTargetHealth };
}

function wantedTargets(
  group: TargetGroupDocument,
  targets: readonly TargetDescription[] = [],
): readonly TargetDocument[] {
  if (targets.length === 0) throw validationError("At least one target must be specified");
  return targets.map(({ Id, Port }) => {
    if (!Id) throw validationError("A target needs an Id");
    return { id: Id, port: Port ?? group.port };
  });
}

function notRegistered(Target: TargetDescription): TargetHealthDescription {
  const Description = "Target is not registered to the target group";
  return { Target, TargetHealth: { State: "unused", Reason: "Target.NotRegistered", Description } };
}
