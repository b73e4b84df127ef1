import { InvalidConfigurationRequestException } from "@aws-sdk/client-elastic-load-balancing-v2";

type Check = (value: string) => boolean;

interface Attribute {
  readonly default: string;
  readonly accepts: Check;
}

const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value);
const between =
  (min: number, max: number): Check =>
  (value) =>
    value !== "" && Number(value) >= min && Number(value) <= max;

/**
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html; fractions of
 * seconds are accepted too.
 */
export const TARGET_GROUP_ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  "deregistration_delay.timeout_seconds": { default: "300", accepts: between(0, 3600) },
  "load_balancing.algorithm.type": {
    default: "round_robin",
    accepts: oneOf("round_robin", "least_outstanding_requests"),
  },
  "slow_start.duration_seconds": { default: "0", accepts: oneOf("0") },
  "stickiness.enabled": { default: "false", accepts: oneOf("false") },
  "stickiness.type": { default: "lb_cookie", accepts: oneOf("lb_cookie") },
  "stickiness.lb_cookie.duration_seconds": { default: "86400", accepts: between(1, 604_800) },
};

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html */
export const LOAD_BALANCER_ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  "idle_timeout.timeout_seconds": { default: "60", accepts: between(0.001, 4000) },
  "deletion_protection.enabled": { default: "false", accepts: oneOf("true", "false") },
  "routing.http2.enabled": { default: "true", accepts: oneOf("true", "false") },
  "routing.http.drop_invalid_header_fields.enabled": { default: "false", accepts: oneOf("false") },
  "routing.http.xff_header_processing.mode": { default: "append", accepts: oneOf("append") },
  "access_logs.s3.enabled": { default: "false", accepts: oneOf("false") },
};

/** Throws InvalidConfigurationRequest for keys and values that this balancer does not carry out. */
export function changedAttributes(
  known: Readonly<Record<string, Attribute>>,
  before: Readonly<Record<string, string>>,
  changes: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = [],
): Record<string, string> {
  const after = { ...before };
  for (const { Key = "", Value = "" } of changes) {
    const attribute = known[Key];
    if (!attribute) throw invalid(`The attribute key '${Key}' is not recognized`);
    if (!attribute.accepts(Value)) throw invalid(`The value '${Value}' is not valid for the attribute '${Key}'`);
    after[Key] = Value;
  }
  return after;
}

export function listAttributes(
  known: Readonly<Record<string, Attribute>>,
  set: Readonly<Record<string, string>>,
): { Key: string; Value: string }[] {
  return Object.entries(known).map(([Key, attribute]) => ({ Key, Value: set[Key] ?? attribute.default }));
}

export function attributeOf(
  known: Readonly<Record<string, Attribute>>,
  set: Readonly<Record<string, string>>,
  key: string,
): string {
  return set[key] ?? known[key]?.default ?? "";
}

function invalid(message: string): InvalidConfigurationRequestException {
  return new InvalidConfigurationRequestException({ message, $metadata: {} });
}
