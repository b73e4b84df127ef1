import type { TargetHealth } from "@aws-sdk/client-elastic-load-balancing-v2";

export type CheckResult =
  | { readonly kind: "passed" }
  | { readonly kind: "mismatch"; readonly status: number }
  | { readonly kind: "timeout" }
  | { readonly kind: "failed" };

export interface Thresholds {
  readonly healthy: number;
  readonly unhealthy: number;
}

/**
 *   initial --1 pass--> healthy --`unhealthy` failures in a row--> unhealthy --`healthy` passes in a row--> healthy
 *   initial --`unhealthy` failures in a row--> unhealthy
 */
export interface Health {
  readonly state: "initial" | "healthy" | "unhealthy";
  /** Checks in a row that speak against the state. */
  readonly against: number;
  readonly last: CheckResult | null;
}

export const INITIAL: Health = { state: "initial", against: 0, last: null };

export function nextHealth(before: Health, last: CheckResult, thresholds: Thresholds): Health {
  const passed = last.kind === "passed";
  // A new target takes requests after its first passed check, as in AWS.
  if (before.state === "initial" && passed) return { state: "healthy", against: 0, last };
  if ((before.state === "unhealthy") !== passed) return { ...before, against: 0, last };
  const against = before.against + 1;
  if (against < (passed ? thresholds.healthy : thresholds.unhealthy)) return { ...before, against, last };
  return { state: passed ? "healthy" : "unhealthy", against: 0, last };
}

/**
 * As DescribeTargetHealth words it.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
 */
export function describeHealth({ state, last }: Health): TargetHealth {
  switch (state) {
    case "healthy":
      return { State: "healthy" };
    case "initial":
      return last
        ? { State: "initial", Reason: "Elb.InitialHealthChecking", Description: "Initial health checks in progress" }
        : { State: "initial", Reason: "Elb.RegistrationInProgress", Description: "Target registration is in progress" };
    case "unhealthy":
      return { State: "unhealthy", ...failure(last) };
  }
}

function failure(last: CheckResult | null): Pick<TargetHealth, "Reason" | "Description"> {
  switch (last?.kind) {
    case "mismatch":
      return {
        Reason: "Target.ResponseCodeMismatch",
        Description: `Health checks failed with these codes: [${last.status}]`,
      };
    case "timeout":
      return { Reason: "Target.Timeout", Description: "Request timed out" };
    case "failed":
    case "passed":
    case undefined:
      return { Reason: "Target.FailedHealthChecks", Description: "Health checks failed" };
  }
}

/** `200`, `200,202` or `200-299`. Null when malformed. */
export function matcherOf(codes: string): ((status: number) => boolean) | null {
  const ranges = codes.split(",").map((part) => /^(\d{3})(?:-(\d{3}))?$/.exec(part.trim()));
  if (ranges.includes(null)) return null;
  return (status) =>
    ranges.some((range) => range && status >= Number(range[1]) && status <= Number(range[2] ?? range[1]));
}
