import type { CorsRule } from "./bucket-index.ts";

export interface CorsRequest {
  readonly origin: string;
  readonly method: string;
  /** Lower case. */
  readonly headers: readonly string[];
}

/** The first rule that allows a request. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html */
export function findRule(rules: readonly CorsRule[], { origin, method, headers }: CorsRequest): CorsRule | undefined {
  return rules.find(
    ({ AllowedOrigins, AllowedMethods, AllowedHeaders = [] }) =>
      AllowedOrigins.some((pattern) => matches(pattern, origin)) &&
      AllowedMethods.includes(method) &&
      headers.every((header) => AllowedHeaders.some((pattern) => matches(pattern.toLowerCase(), header))),
  );
}

/** Headers of an answer to a request that the rule allows. */
export function corsHeaders(rule: CorsRule, { origin, headers }: CorsRequest): Record<string, string> {
  const isForAll = rule.AllowedOrigins.includes("*");
  const answer: Record<string, string> = {
    "access-control-allow-origin": isForAll ? "*" : origin,
    "access-control-allow-methods": rule.AllowedMethods.join(", "),
    vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
  };
  if (!isForAll) answer["access-control-allow-credentials"] = "true";
  if (headers.length > 0) answer["access-control-allow-headers"] = headers.join(", ");
  if (rule.ExposeHeaders?.length) answer["access-control-expose-headers"] = rule.ExposeHeaders.join(", ");
  if (rule.MaxAgeSeconds !== undefined) answer["access-control-max-age"] = String(rule.MaxAgeSeconds);
  return answer;
}

/** Patterns have at most one `*`. */
function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === text;
  const before = pattern.slice(0, star);
  const after = pattern.slice(star + 1);
  return text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after);
}
