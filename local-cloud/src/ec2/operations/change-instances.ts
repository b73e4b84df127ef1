import type {
  InstanceStateChange,
  MonitorInstancesCommandInput,
  MonitorInstancesCommandOutput,
  StartInstancesCommandInput,
  StartInstancesCommandOutput,
  StopInstancesCommandInput,
  StopInstancesCommandOutput,
  TerminateInstancesCommandInput,
  TerminateInstancesCommandOutput,
} from "@aws-sdk/client-ec2";
import { Fault, type Handler } from "../../wire/handler.ts";
import { type Ec2Context, getNamedForChange, refuseDryRun } from "../context.ts";
import { start, stop, terminate } from "../instances/lifecycle.ts";
import { toMonitoring, toState } from "../instances/present.ts";
import type { InstanceRecord } from "../instances/record.ts";

export function createTerminateInstances(
  context: Ec2Context,
): Handler<TerminateInstancesCommandInput, TerminateInstancesCommandOutput> {
  return async (input) => {
    const records = getNamedForChange(context, input.InstanceIds);
    for (const { instanceId, terminationProtected } of records) {
      if (terminationProtected) {
        throw new Fault(
          "OperationNotPermitted",
          `The instance '${instanceId}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
        );
      }
    }
    refuseDryRun(input.DryRun);
    const { terminationGraceSeconds } = context.settings();
    return {
      TerminatingInstances: records.map((record) => {
        const changes = terminate(record, terminationGraceSeconds, context.now());
        return toChange(record, changes ? context.supervisor.endProcesses(record.instanceId, changes) : record);
      }),
    };
  };
}

export function createStopInstances(
  context: Ec2Context,
): Handler<StopInstancesCommandInput, StopInstancesCommandOutput> {
  return async (input) => {
    const records = getNamedForChange(context, input.InstanceIds);
    const graceSeconds = input.Force ? 0 : context.settings().terminationGraceSeconds;
    const planned = records.map((record) => ({ record, changes: stop(record, graceSeconds, context.now()) }));
    refuseImpossible(planned, "stopped");
    refuseDryRun(input.DryRun);
    return {
      StoppingInstances: planned.map(({ record, changes }) =>
        toChange(
          record,
          changes && changes !== "refused" ? context.supervisor.endProcesses(record.instanceId, changes) : record,
        ),
      ),
    };
  };
}

export function createStartInstances(
  context: Ec2Context,
): Handler<StartInstancesCommandInput, StartInstancesCommandOutput> {
  return async (input) => {
    const records = getNamedForChange(context, input.InstanceIds);
    const planned = records.map((record) => ({ record, changes: start(record, context.bootSeconds, context.now()) }));
    refuseImpossible(planned, "started");
    refuseDryRun(input.DryRun);
    const StartingInstances = planned.map(({ record, changes }) =>
      toChange(record, changes && changes !== "refused" ? context.store.update(record.instanceId, changes) : record),
    );
    context.supervisor.wake();
    return { StartingInstances };
  };
}

export function createMonitorInstances(
  context: Ec2Context,
): Handler<MonitorInstancesCommandInput, MonitorInstancesCommandOutput> {
  return async (input) => {
    const records = getNamedForChange(context, input.InstanceIds);
    refuseDryRun(input.DryRun);
    return {
      InstanceMonitorings: records.map(({ instanceId }) => ({
        InstanceId: instanceId,
        Monitoring: toMonitoring(context.store.update(instanceId, { detailedMonitoring: true })),
      })),
    };
  };
}

/** All or none: one impossible instance refuses the call. */
function refuseImpossible(
  planned: readonly { readonly record: InstanceRecord; readonly changes: Partial<InstanceRecord> | null | "refused" }[],
  verb: string,
): void {
  const refused = planned.find(({ changes }) => changes === "refused");
  if (!refused) return;
  throw new Fault(
    "IncorrectInstanceState",
    `The instance '${refused.record.instanceId}' is not in a state from which it can be ${verb}.`,
  );
}

function toChange(before: InstanceRecord, now: InstanceRecord): InstanceStateChange {
  return { InstanceId: before.instanceId, PreviousState: toState(before), CurrentState: toState(now) };
}
