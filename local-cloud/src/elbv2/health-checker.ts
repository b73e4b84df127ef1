import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { CheckResult } from "./proxy/health.ts";

export interface HealthCheck {
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly matches: (status: number) => boolean;
}

/** Asks a target once, over a connection of its own. Never rejects. */
function checkTarget(
  endpoint: { readonly host: string; readonly port: number },
  check: HealthCheck,
): Promise<CheckResult> {
  return new Promise((resolve) => {
    const req = request({
      host: endpoint.host,
      port: endpoint.port,
      path: check.path,
      agent: false,
      headers: { "User-Agent": "ELB-HealthChecker/2.0", Connection: "close" },
    });
    const timer = setTimeout(() => {
      resolve({ kind: "timeout" });
      req.destroy();
    }, check.timeoutMs);
    req.on("response", (res) => {
      clearTimeout(timer);
      const status = res.statusCode ?? 0;
      resolve(check.matches(status) ? { kind: "passed" } : { kind: "mismatch", status });
      res.resume();
      req.destroy();
    });
    req.on("error", () => {
      clearTimeout(timer);
      resolve({ kind: "failed" });
    });
    req.end();
  });
}

/** Checks again and again, with the interval between the beginnings of two checks, until the signal aborts. */
export async function watchTarget(
  options: {
    /** Null while the target cannot be reached at all: nothing is checked then. */
    readonly endpoint: () => { readonly host: string; readonly port: number } | null;
    readonly check: () => HealthCheck;
    readonly signal: AbortSignal;
  },
  told: (result: CheckResult | null) => void,
): Promise<void> {
  const { endpoint, check, signal } = options;
  while (!signal.aborted) {
    const startedAt = performance.now();
    const now = check();
    const where = endpoint();
    const result = where && (await checkTarget(where, now));
    if (signal.aborted) return;
    told(result);
    const leftMs = Math.max(1, now.intervalMs - (performance.now() - startedAt));
    await sleep(leftMs, undefined, { signal }).catch(() => undefined); // aborted: the loop's condition sees it
  }
}
