import type { CloudWatchService } from "../cloudwatch/service.ts";
import type { Ec2Service } from "../ec2/service.ts";
import type { Ec2Settings } from "../ec2/settings.ts";
import type { GlacierService } from "../glacier/service.ts";
import type { GlacierSettings } from "../glacier/settings.ts";
import type { Disk } from "../storage/disk.ts";
import { Fault } from "../wire/handler.ts";
import type { StateFault } from "./rule.ts";

export interface StateTargets {
  readonly ec2: Pick<Ec2Service, "faults" | "tune" | "listInstances">;
  readonly cloudwatch: Pick<CloudWatchService, "tune">;
  readonly glacier: Pick<GlacierService, "tune">;
  readonly disk: Pick<Disk, "pretendFull">;
  /** What holds without a fault. */
  readonly usual: Pick<Ec2Settings, "describeLagSeconds" | "capacity"> & Pick<GlacierSettings, "expeditedCapacity">;
}

/** Brings a fault into force. Throws when its instance does not live. */
export function beginState({ ec2, cloudwatch, glacier, disk }: StateTargets, fault: StateFault): void {
  switch (fault.kind) {
    case "describe-lag":
      ec2.tune({ describeLagSeconds: fault.seconds });
      break;
    case "capacity":
      ec2.tune({ capacity: fault.instances });
      break;
    case "slow-boot":
      ec2.faults.slowBoot(fault.extraSeconds, fault.launches);
      break;
    case "never-healthy":
      ec2.faults.neverHealthy(fault.launches);
      break;
    case "hang-instance":
      ec2.faults.hang(fault.instanceId);
      break;
    case "no-cpu-credits":
      ec2.faults.takeCredits(fault.instanceId, fault.baselinePercent);
      break;
    case "zone-failure":
      ec2.faults.failZone(fault.zone);
      break;
    case "metric-delay":
      cloudwatch.tune({ delaySeconds: fault.seconds });
      break;
    case "spot-interruption":
      ec2.faults.giveNotice(fault.instanceId, { kind: "spot", at: inSeconds(fault.seconds) });
      break;
    case "rebalance-recommendation":
      ec2.faults.giveNotice(fault.instanceId, { kind: "rebalance", at: new Date() });
      break;
    case "instance-retirement":
      ec2.faults.giveNotice(fault.instanceId, { kind: "retirement", at: inSeconds(fault.seconds) });
      break;
    case "disk-full":
      disk.pretendFull(true);
      break;
    case "expedited-capacity":
      glacier.tune({ expeditedCapacity: fault.retrievals });
      break;
    case "failing-retrievals":
      glacier.tune({ failingRetrievals: fault.retrievals });
      break;
  }
}

/** Takes a fault back. What it has done to launches and retrievals that have begun stays. */
export function endState({ ec2, cloudwatch, glacier, disk, usual }: StateTargets, fault: StateFault): void {
  switch (fault.kind) {
    case "describe-lag":
      ec2.tune({ describeLagSeconds: usual.describeLagSeconds });
      break;
    case "capacity":
      ec2.tune({ capacity: usual.capacity });
      break;
    case "slow-boot":
      ec2.faults.slowBoot(0, 0);
      break;
    case "never-healthy":
      ec2.faults.neverHealthy(0);
      break;
    case "hang-instance":
      resume(ec2, fault.instanceId);
      break;
    case "no-cpu-credits":
      ec2.faults.giveCredits(fault.instanceId);
      break;
    case "zone-failure":
      ec2.faults.restoreZone(fault.zone);
      break;
    case "metric-delay":
      cloudwatch.tune({ delaySeconds: 0 });
      break;
    case "spot-interruption":
    case "rebalance-recommendation":
    case "instance-retirement":
      ec2.faults.withdrawNotice(fault.instanceId);
      break;
    case "disk-full":
      disk.pretendFull(false);
      break;
    case "expedited-capacity":
      glacier.tune({ expeditedCapacity: usual.expeditedCapacity });
      break;
    case "failing-retrievals":
      glacier.tune({ failingRetrievals: 0 });
      break;
  }
}

/** Whether one undoes the other when it ends. */
export function isSameState(a: StateFault, b: StateFault): boolean {
  if (a.kind !== b.kind) return isNotice(a) && isNotice(b) && a.instanceId === b.instanceId;
  if ("zone" in a && "zone" in b) return a.zone === b.zone;
  return "instanceId" in a && "instanceId" in b ? a.instanceId === b.instanceId : true;
}

/** An instance has one notice at a time. */
function isNotice(fault: StateFault): fault is NoticeFault {
  return NOTICES.has(fault.kind);
}

type NoticeFault = Extract<
  StateFault,
  { kind: "spot-interruption" | "rebalance-recommendation" | "instance-retirement" }
>;
const NOTICES: ReadonlySet<string> = new Set<NoticeFault["kind"]>([
  "spot-interruption",
  "rebalance-recommendation",
  "instance-retirement",
]);

function inSeconds(seconds: number): Date {
  return new Date(Date.now() + seconds * 1_000);
}

function resume(ec2: StateTargets["ec2"], instanceId: string): void {
  try {
    ec2.faults.resume(instanceId);
  } catch (error) {
    if (!(error instanceof Fault)) throw error; // the instance has ended, and the fault with it
  }
}
