import { randomFrom } from "@elastic-gas/scaling/simulator/random";
import { POOL_NAMES, type PoolName } from "@elastic-gas/shared/resources";

/** Something that is done to the running system for a while. */
export type Step =
  /** A service of the cloud misbehaves for all callers. */
  | { readonly kind: "cloud"; readonly service: Service; readonly how: Misbehaviour; readonly seconds: number }
  | { readonly kind: "kill worker"; readonly pool: PoolName }
  | { readonly kind: "hang worker"; readonly pool: PoolName; readonly seconds: number }
  | { readonly kind: "never healthy"; readonly pool: PoolName; readonly seconds: number }
  | { readonly kind: "kill part"; readonly part: Part }
  | { readonly kind: "hang part"; readonly part: "autoscaler" | "manager"; readonly seconds: number }
  | { readonly kind: "freeze database"; readonly seconds: number }
  | { readonly kind: "read-only database"; readonly seconds: number }
  | { readonly kind: "lock tables"; readonly seconds: number }
  | { readonly kind: "stripe silent"; readonly seconds: number }
  | { readonly kind: "identity provider silent"; readonly seconds: number }
  /** Of one process; the database and the others keep theirs. */
  | {
      readonly kind: "clock";
      readonly part: "autoscaler" | "manager";
      readonly hours: 1 | -1;
      readonly seconds: number;
    }
  | { readonly kind: "second part"; readonly part: "autoscaler" | "manager"; readonly seconds: number }
  | { readonly kind: "second start" }
  /** Two of each consumer. */
  | { readonly kind: "second utility worker"; readonly seconds: number }
  | { readonly kind: "disk full"; readonly seconds: number }
  /** Every message that was sent so far comes so many times more, in another order. */
  | { readonly kind: "duplicates"; readonly times: number }
  | { readonly kind: "bad inputs" }
  | { readonly kind: "resize" };

export const SERVICES = ["s3", "sqs", "glacier", "ses", "ec2", "elbv2", "cloudwatch"] as const;
export type Service = (typeof SERVICES)[number];
export const MISBEHAVIOURS = ["slow", "throttled", "500", "silent", "answer lost"] as const;
export type Misbehaviour = (typeof MISBEHAVIOURS)[number];
export const PARTS = ["autoscaler", "manager", "mariadb", "local-cloud", "supervisor"] as const;
export type Part = (typeof PARTS)[number];

export interface PlanChoices {
  /** How long the services of the cloud misbehave, seconds; the shorter ones come first. */
  readonly cloudSeconds: readonly number[];
  /** Longest of the other faults. */
  readonly otherSeconds: number;
  /** Longer than the supervisor and the autoscaler need to notice. */
  readonly hangSeconds: number;
  /** So many services of the cloud misbehave at a time, together with one of the other faults. */
  readonly atATime: number;
}

/**
 * Every fault once, those of the services once for each duration; of the others first what is over at once, last what
 * takes a worker that has to boot.
 */
export function planFaults({ cloudSeconds, otherSeconds, hangSeconds }: PlanChoices): readonly Step[] {
  const cloud = cloudSeconds.flatMap((seconds) =>
    MISBEHAVIOURS.flatMap((how) => SERVICES.map((service): Step => ({ kind: "cloud", service, how, seconds }))),
  );
  const others: readonly Step[] = [
    { kind: "resize" },
    { kind: "kill part", part: "autoscaler" },
    { kind: "kill part", part: "manager" },
    { kind: "second start" },
    { kind: "stripe silent", seconds: otherSeconds },
    { kind: "identity provider silent", seconds: otherSeconds },
    { kind: "freeze database", seconds: otherSeconds },
    { kind: "read-only database", seconds: otherSeconds },
    { kind: "lock tables", seconds: otherSeconds },
    { kind: "disk full", seconds: otherSeconds },
    { kind: "bad inputs" },
    { kind: "kill part", part: "mariadb" },
    ...(["autoscaler", "manager"] as const).flatMap((part): Step[] => [
      { kind: "clock", part, hours: 1, seconds: hangSeconds },
      { kind: "clock", part, hours: -1, seconds: hangSeconds },
      { kind: "second part", part, seconds: hangSeconds },
    ]),
    { kind: "duplicates", times: 3 },
    { kind: "kill part", part: "local-cloud" },
    { kind: "hang part", part: "autoscaler", seconds: hangSeconds },
    { kind: "resize" },
    ...POOL_NAMES.map((pool): Step => ({ kind: "kill worker", pool })),
    ...POOL_NAMES.map((pool): Step => ({ kind: "hang worker", pool, seconds: hangSeconds })),
    { kind: "second utility worker", seconds: hangSeconds },
    { kind: "kill part", part: "supervisor" },
    ...POOL_NAMES.map((pool): Step => ({ kind: "never healthy", pool, seconds: hangSeconds })),
  ];
  return [...cloud, ...others];
}

/** Random faults, one each 2 to 5 minutes, for as long as that takes; the same seed gives the same ones. */
export function* soakFaults(
  seed: number,
  choices: PlanChoices,
): Generator<{ readonly step: Step; readonly afterMs: number }, never> {
  const random = randomFrom(seed);
  const all = planFaults(choices);
  const cloud = all.filter(({ kind }) => kind === "cloud");
  const others = all.filter(({ kind }) => kind !== "cloud");
  for (;;) {
    // As often a service as anything else, although there are more of the former.
    const from = random() < 0.5 ? cloud : others;
    const step = from[Math.floor(random() * from.length)];
    if (step !== undefined) yield { step, afterMs: (120 + random() * 180) * 1_000 };
  }
}

/** Seconds from the start of a step to its end. */
export function lengthOf(step: Step): number {
  return "seconds" in step ? step.seconds : 0;
}

/** Whether the fault's name holds this text; a space stands for one that does not break, too. */
export function isMeant(step: Step, text: string): boolean {
  return nameOf(step).replaceAll("\u00a0", " ").includes(text);
}

export function nameOf(step: Step): string {
  const lasts = (seconds: number) =>
    `for ${seconds < 120 ? `${seconds}\u00a0s` : `${Math.round(seconds / 60)}\u00a0min`}`;
  switch (step.kind) {
    case "cloud":
      return `${step.service} ${HOW[step.how]} ${lasts(step.seconds)}`;
    case "kill worker":
      return `kill -9 of a worker of pool ${step.pool}`;
    case "hang worker":
      return `a worker of pool ${step.pool} stands still ${lasts(step.seconds)}`;
    case "never healthy":
      return `the next ${step.pool} worker never comes up`;
    case "kill part":
      return `kill -9 of ${step.part}`;
    case "hang part":
      return `${step.part} stands still`;
    case "freeze database":
      return `MariaDB stands still ${lasts(step.seconds)}`;
    case "read-only database":
      return `MariaDB is read-only ${lasts(step.seconds)}`;
    case "lock tables":
      return `every connection waits for a lock ${lasts(step.seconds)}`;
    case "stripe silent":
      return `Stripe is silent ${lasts(step.seconds)}`;
    case "identity provider silent":
      return `the identity provider is silent ${lasts(step.seconds)}`;
    case "clock":
      return `the clock of ${step.part} is an hour ${step.hours > 0 ? "fast" : "slow"} ${lasts(step.seconds)}`;
    case "second part":
      return `two of ${step.part} ${lasts(step.seconds)}`;
    case "second start":
      return "start.sh is started a second time";
    case "second utility worker":
      return `two utility workers ${lasts(step.seconds)}`;
    case "disk full":
      return `the disk is full ${lasts(step.seconds)}`;
    case "duplicates":
      return `every message comes ${step.times} times more, in another order`;
    case "bad inputs":
      return "files that are no VCF";
    case "resize":
      return "the web pool grows and shrinks by hand";
  }
}

const HOW: Readonly<Record<Misbehaviour, string>> = {
  slow: "is slow",
  throttled: "throttles",
  "500": "answers 500",
  silent: "is silent",
  "answer lost": "loses its answers",
};
