import type {
  InstanceStateChange,
  ModifyInstanceMetadataOptionsCommandInput,
  ModifyInstanceMetadataOptionsCommandOutput,
  MonitorInstancesCommandInput,
  MonitorInstancesCommandOutput,
  RebootInstancesCommandInput,
  RebootInstancesCommandOutput,
  StartInstancesCommandInput,
  StartInstancesCommandOutput,
  StopInstancesCommandInput,
  StopInstancesCommandOutput,
  TerminateInstancesCommandInput,
  TerminateInstancesCommandOutput,
  UnmonitorInstancesCommandInput,
  UnmonitorInstancesCommandOutput,
} from "@aws-sdk/client-ec2";
import { Fault, type Handler } from "../../wire/handler.ts";
import { type Ec2Context, getNamedForChange, refuseDryRun } from "../context.ts";
import { after, start, stop, terminate } from "../instances/lifecycle.ts";
import { toMetadataOptions, toMonitoring, toState } from "../instances/present.ts";
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

export function createRebootInstances(
  context: Ec2Context,
): Handler<RebootInstancesCommandInput, RebootInstancesCommandOutput> {
  return async (input) => {
    const records = getNamedForChange(context, input.InstanceIds);
    refuseImpossible(
      records.map((record) => ({ record, changes: record.state === "running" ? null : "refused" })),
      "rebooted",
    );
    refuseDryRun(input.DryRun);
    const killsAt = after(context.now(), context.settings().terminationGraceSeconds);
    for (const { instanceId } of records) context.supervisor.endProcesses(instanceId, { rebooting: true, killsAt });
    return {};
  };
}

export function createMonitorInstances(
  context: Ec2Context,
): Handler<MonitorInstancesCommandInput, MonitorInstancesCommandOutput> {
  return async (input) => ({ InstanceMonitorings: setMonitoring(context, input, true) });
}

export function createUnmonitorInstances(
  context: Ec2Context,
): Handler<UnmonitorInstancesCommandInput, UnmonitorInstancesCommandOutput> {
  return async (input) => ({ InstanceMonitorings: setMonitoring(context, input, false) });
}

export function createModifyInstanceMetadataOptions(
  context: Ec2Context,
): Handler<ModifyInstanceMetadataOptionsCommandInput, ModifyInstanceMetadataOptionsCommandOutput> {
  return async (input) => {
    const [record] = getNamedForChange(context, input.InstanceId === undefined ? [] : [input.InstanceId]);
    if (!record) throw new Fault("MissingParameter", "The request must contain the parameter InstanceId");
    refuseDryRun(input.DryRun);
    const changed = context.store.update(record.instanceId, {
      httpTokens: input.HttpTokens ?? record.httpTokens,
      httpEndpoint: input.HttpEndpoint ?? record.httpEndpoint,
      instanceMetadataTags: input.InstanceMetadataTags ?? record.instanceMetadataTags,
    });
    return { InstanceId: record.instanceId, InstanceMetadataOptions: toMetadataOptions(changed) };
  };
}

function setMonitoring(
  context: Ec2Context,
  input: MonitorInstancesCommandInput,
  detailedMonitoring: boolean,
): { InstanceId: string; Monitoring: { State: "enabled" | "disabled" } }[] {
  const records = getNamedForChange(context, input.InstanceIds);
  refuseDryRun(input.DryRun);
  return records.map(({ instanceId }) => ({
    InstanceId: instanceId,
    Monitoring: toMonitoring(context.store.update(instanceId, { detailedMonitoring })),
  }));
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
