import type { Call } from "@elastic-gas/local-cloud/wire/handler";

/** A call as the wire would make it, for tests that call handlers directly. */
export function testCall(changes: Partial<Call> = {}): Call {
  return {
    requestId: "00000000-0000-4000-8000-000000000000",
    host: "127.0.0.1:4566",
    region: "us-east-1",
    accountId: "123456789012",
    principal: { arn: "arn:aws:iam::123456789012:root", userId: "123456789012", statements: undefined },
    signal: new AbortController().signal,
    ...changes,
  };
}
