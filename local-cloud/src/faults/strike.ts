import { setTimeout as sleep } from "node:timers/promises";
import type { Invocation } from "../wire/gateway.ts";
import { Fault } from "../wire/handler.ts";
import type { Value } from "../wire/protocol/protocol.ts";
import type { ServiceId } from "../wire/services.ts";
import type { CallFault } from "./rule.ts";

type Next = () => Promise<Value>;

/** What each service answers to a caller who asks too often; the SDK's retries know them all. */
const THROTTLING: Readonly<Record<ServiceId, readonly [code: string, statusCode: number]>> = {
  ec2: ["RequestLimitExceeded", 503],
  elbv2: ["Throttling", 400],
  cloudwatch: ["Throttling", 400],
  sqs: ["RequestThrottled", 403],
  s3: ["SlowDown", 503],
  glacier: ["ThrottlingException", 400],
  ses: ["TooManyRequestsException", 429],
  sts: ["Throttling", 400],
};

/** Carries a call out as the fault has it. */
export async function strike(fault: CallFault, invocation: Invocation, next: Next): Promise<Value> {
  const { service, call } = invocation;
  switch (fault.kind) {
    case "throttling": {
      const [code, statusCode] = THROTTLING[service];
      throw new Fault(code, "Rate exceeded", statusCode);
    }
    case "internal-error":
      throw new Fault(service === "s3" ? "InternalError" : "InternalFailure", "A fault that was asked for.", 500);
    case "error":
      throw new Fault(fault.errorName, fault.message, fault.statusCode);
    case "hang":
      await pause(fault.seconds, call.signal);
      return cut(invocation);
    case "latency":
      await pause(fault.seconds, call.signal);
      return call.signal.aborted ? cut(invocation) : next();
    case "lost-response": {
      const output = await next();
      invocation.hangUp();
      return output;
    }
  }
}

/** Ends early when the caller hangs up. */
async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(seconds * 1_000, undefined, { signal }).catch(() => undefined);
}

function cut(invocation: Invocation): never {
  invocation.hangUp();
  throw new Fault("RequestTimeout", "The connection has been cut.", 408); // nobody is left to read it
}
