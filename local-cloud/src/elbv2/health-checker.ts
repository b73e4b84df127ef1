import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { CheckResult } from "./proxy/health.ts";

const NEW_TARGET_MS = 500;

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

/**
 * Checks again and again, with the interval between the beginnings of two checks, until the signal aborts. A new target
 * is asked more often, and of that only a pass is told: a balancer of AWS has a node in each zone, and each one asks.
 */
export async function watchTarget(
  options: {
    /** Null while the target cannot be reached at all: nothing is checked then. */
    readonly endpoint: () => { readonly host: string; readonly port: number } | null;
    readonly check: () => HealthCheck;
    /** True until the target has passed or failed its first checks. */
    readonly isNew: () => boolean;
    readonly signal: AbortSignal;
  },
  told: (result: CheckResult | null) => void,
): Promise<void> {
  const { endpoint, check, isNew, signal } = options;
  const ask = async () => {
    const where = endpoint();
    return where && (await checkTarget(where, check()));
  };
  // Aborted: the loops see it.
  const pause = (ms: number) => sleep(Math.max(1, ms), undefined, { signal }).catch(() => undefined);
  while (!signal.aborted) {
    const startedAt = performance.now();
    const result = await ask();
    if (signal.aborted) return;
    told(result);
    const leftMs = () => check().intervalMs - (performance.now() - startedAt);
    while (!signal.aborted && isNew() && leftMs() > NEW_TARGET_MS) {
      await pause(NEW_TARGET_MS);
      const early = await ask();
      if (!signal.aborted && early?.kind === "passed") told(early);
    }
    await pause(leftMs());
  }
}
