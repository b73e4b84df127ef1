import type { Statement } from "@elastic-gas/shared/permissions";
import { Fault } from "../handler.ts";
import type { ServiceId } from "../services.ts";
import type { Principal } from "./principal.ts";

/** An action on a resource that a call needs to be allowed. */
export interface Right {
  readonly action: string;
  readonly resource: string;
}

/** A role has no right to what it asked for; in the words of the service. */
export class AccessDeniedFault extends Fault {}

/** Throws the service's own fault when the caller may not do one of these. */
export function authorize(service: ServiceId, principal: Principal, rights: readonly Right[]): void {
  const { statements } = principal;
  if (statements === undefined) return;
  const missing = rights.find((right) => !isAllowed(statements, right));
  if (missing) throw accessDenied(service, principal, missing);
}

export function isAllowed(statements: readonly Statement[], { action, resource }: Right): boolean {
  return statements.some(
    ({ actions, resources }) =>
      actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
      resources.some((pattern) => matches(pattern, resource)),
  );
}

/** `*` stands for any text. */
function matches(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) return pattern === text;
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop() ?? "";
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let position = first.length;
  for (const piece of rest) {
    const at = text.indexOf(piece, position);
    if (at < 0 || at + piece.length > text.length - last.length) return false;
    position = at + piece.length;
  }
  return position <= text.length - last.length;
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
function accessDenied(service: ServiceId, { arn }: Principal, { action, resource }: Right): AccessDeniedFault {
  // SQS writes the action in small letters.
  const asWritten = service === "sqs" ? action.toLowerCase() : action;
  const where = resource === "*" ? "" : ` on resource: ${service === "s3" ? `"${resource}"` : resource}`;
  const because = `because no identity-based policy allows the ${asWritten} action`;
  const sentence = `User: ${arn} is not authorized to perform: ${asWritten}${where} ${because}`;
  switch (service) {
    case "ec2":
      return new AccessDeniedFault(
        "UnauthorizedOperation",
        `You are not authorized to perform this operation. ${sentence}`,
        403,
      );
    case "glacier":
      return new AccessDeniedFault("AccessDeniedException", sentence, 403);
    case "ses":
      return new AccessDeniedFault(
        "AccessDeniedException",
        `User \`${arn}' is not authorized to perform \`${action}' on resource \`${resource}'`,
        403,
      );
    case "s3":
    case "sqs":
    case "elbv2":
    case "cloudwatch":
    case "sts":
      return new AccessDeniedFault("AccessDenied", sentence, 403);
  }
}
