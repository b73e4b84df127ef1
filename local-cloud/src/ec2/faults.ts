import { Fault } from "../wire/handler.ts";
import { type InstanceRecord, isAlive } from "./instances/record.ts";
import type { InstanceStore } from "./instances/store.ts";
import type { Supervisor } from "./instances/supervisor.ts";
import type { Notice, Notices } from "./notices.ts";
import type { SessionTable } from "./processes/session-table.ts";

/** Runs and answers to nobody. */
const DEAF_SCRIPT = "#!/bin/bash\nexec sleep infinity\n";

/** Faults that strike the next launches. */
export class LaunchFaults {
  #slowLaunches = 0;
  #slowSeconds = 0;
  #deafLaunches = 0;
  readonly #deaf = new Set<string>();
  readonly #failedZones = new Set<string>();

  /** Launches in the zone find no capacity. */
  setZoneFailed(zone: string, isFailed: boolean): void {
    if (isFailed) this.#failedZones.add(zone);
    else this.#failedZones.delete(zone);
  }

  hasFailed(zone: string): boolean {
    return this.#failedZones.has(zone);
  }

  /** The next launches take longer to boot. */
  slowBoot(extraSeconds: number, launches: number): void {
    this.#slowSeconds = extraSeconds;
    this.#slowLaunches = launches;
  }

  /** The next launches come up but never start their worker: instance checks pass, the target group's never do. */
  neverHealthy(launches: number): void {
    this.#deafLaunches = launches;
  }

  /** To be asked once per launch. */
  takeExtraBootSeconds(): number {
    if (this.#slowLaunches <= 0) return 0;
    this.#slowLaunches -= 1;
    return this.#slowSeconds;
  }

  /** To be told once per launch. */
  note(instanceId: string): void {
    if (this.#deafLaunches <= 0) return;
    this.#deafLaunches -= 1;
    this.#deaf.add(instanceId);
  }

  scriptOf(record: InstanceRecord): string {
    return this.#deaf.has(record.instanceId) ? DEAF_SCRIPT : record.userData;
  }
}

export interface InstanceFaults {
  /** SIGKILL to all its processes: the machine lost its power. */
  kill(instanceId: string): void;
  /** Its processes stand still (SIGSTOP) and nothing resumes them but `resume` or the instance's end. */
  hang(instanceId: string): void;
  resume(instanceId: string): void;
  /** It has no CPU credits left: it is held to so many percent of its CPU. */
  takeCredits(instanceId: string, baselinePercent: number): void;
  /** No harm when it has them. */
  giveCredits(instanceId: string): void;
  /** All instances of the zone lose their power, and none can be launched there. */
  failZone(zone: string): void;
  restoreZone(zone: string): void;
  /** EC2 tells of its end. */
  giveNotice(instanceId: string, notice: Notice): void;
  /** No harm when there is none. */
  withdrawNotice(instanceId: string): void;
  slowBoot(extraSeconds: number, launches?: number): void;
  neverHealthy(launches?: number): void;
}

export function createInstanceFaults({
  store,
  supervisor,
  table,
  launchFaults,
  notices,
}: {
  readonly store: InstanceStore;
  readonly supervisor: Supervisor;
  readonly table: SessionTable;
  readonly launchFaults: LaunchFaults;
  readonly notices: Notices;
}): InstanceFaults {
  const check = (instanceId: string) => {
    const record = store.find(instanceId);
    if (!record || !isAlive(record)) throw new Fault("InvalidInstanceID.NotFound", `No living instance ${instanceId}.`);
  };
  return {
    kill(instanceId) {
      check(instanceId);
      table.signal(instanceId, "SIGKILL");
      supervisor.wake();
    },
    hang(instanceId) {
      check(instanceId);
      supervisor.hang(instanceId, true);
    },
    resume(instanceId) {
      check(instanceId);
      supervisor.hang(instanceId, false);
    },
    takeCredits(instanceId, baselinePercent) {
      check(instanceId);
      supervisor.holdToBaseline(instanceId, baselinePercent);
    },
    giveCredits: (instanceId) => supervisor.holdToBaseline(instanceId, null),
    failZone(zone) {
      launchFaults.setZoneFailed(zone, true);
      for (const record of store.list())
        if (isAlive(record) && record.availabilityZone === zone) table.signal(record.instanceId, "SIGKILL");
      supervisor.wake();
    },
    restoreZone: (zone) => launchFaults.setZoneFailed(zone, false),
    giveNotice(instanceId, notice) {
      check(instanceId);
      notices.give(instanceId, notice);
    },
    withdrawNotice: (instanceId) => notices.withdraw(instanceId),
    slowBoot: (extraSeconds, launches = 1) => launchFaults.slowBoot(extraSeconds, launches),
    neverHealthy: (launches = 1) => launchFaults.neverHealthy(launches),
  };
}
