import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { serveHealth } from "@elastic-gas/shared/health-address";
import { createLogger } from "@elastic-gas/shared/logger";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { readStatuses, recordStatuses, statusText } from "./part-status.ts";
import { waitForHttp } from "./ready.ts";
import { rotateLogs } from "./rotate-logs.ts";
import { type Part, spawnNode, supervise } from "./supervise.ts";
import { type HealthCheck, healthAddressCheck, httpCheck, watchHealth } from "./watch-health.ts";

const log = createLogger("test", "silent");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "supervise-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A part that answers on a port; it can be made to hang for ever, while its process lives. */
async function httpPart(changes: Partial<Part> = {}): Promise<{ part: Part; hang: () => Promise<unknown> }> {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const entry = join(folder, "part.mjs");
  writeFileSync(
    entry,
    `import { createServer } from "node:http";
     createServer((request, response) => {
       if (request.url === "/hang") for (;;);
       response.writeHead(503).end("busy");
     }).listen(${port}, "127.0.0.1");`,
  );
  const part: Part = {
    name: "part",
    start: () =>
      spawnNode({
        command: [entry],
        root: folder,
        environment: { PATH: process.env.PATH },
        logFile: join(folder, "part.log"),
      }),
    ready: (child, signal) => waitUntilListening(url, { child, signal }),
    health: { ...httpCheck(url), everyMs: 500, silenceLimitMs: 60_000 },
    stopMs: 1_000,
    ...changes,
  };
  return { part, hang: () => fetch(`${url}/hang`, { signal: AbortSignal.timeout(500) }).catch(() => undefined) };
}

/** waitForHttp wants 200; this part only ever answers 503, which is an answer. */
async function waitUntilListening(
  url: string,
  { child, signal }: { child: Parameters<Part["ready"]>[0]; signal: AbortSignal },
): Promise<void> {
  await waitUntil(
    "the part listens",
    async () => {
      if (signal.aborted || child.exitCode !== null) return true;
      return (await fetch(url)).status === 503;
    },
    SLOW,
  );
}

// Processes start slowly on a machine that is busy.
const LONG = { timeout: 120_000 };
const SLOW = { deadlineMs: 60_000 };

describe("a part", LONG, () => {
  it("that hangs while its process lives is killed, started again, and told of", async () => {
    const { part, hang } = await httpPart();
    if (part.health === undefined) throw new Error("the part has no check");
    const impatient = { ...part, health: { ...part.health, silenceLimitMs: 2_000 } };
    const states: string[] = [];
    const supervised = supervise(impatient, {
      log,
      onState: (_, state, detail) => states.push(`${state} ${detail}`.trim()),
    });
    onTestFinished(() => supervised.stop());
    await supervised.up;
    await hang();
    await waitUntil("it is up again", () => states.filter((state) => state === "up").length >= 2, SLOW);
    expect(states[2]).toMatch(/^down did not answer for \d+ s: /);
  });

  it("that answers, be it 503, is left alone; it is up after a kill by somebody else as well", async () => {
    const { part } = await httpPart();
    const states: string[] = [];
    let pid: number | undefined;
    const supervised = supervise(part, {
      log,
      onState: (_, state, detail) => states.push(`${state} ${detail}`.trim()),
      onPid: async (_, current) => {
        pid = current ?? pid;
      },
    });
    onTestFinished(() => supervised.stop());
    await supervised.up;
    if (pid === undefined) throw new Error("no process");
    process.kill(pid, "SIGKILL");
    await waitUntil("it is up again", () => states.filter((state) => state === "up").length >= 2, SLOW);
    expect(states).toEqual(["starting", "up", "down SIGKILL", "starting", "up"]);
  });

  it("runs, once, although neither its process can be written down nor its log be opened: the disk is full", async () => {
    const { part } = await httpPart();
    let starts = 0;
    const supervised = supervise(
      {
        ...part,
        start: () => {
          starts += 1;
          return spawnNode({
            command: [join(folder, "part.mjs")],
            root: folder,
            environment: { PATH: process.env.PATH },
            logFile: "/dev/full/part.log",
          });
        },
      },
      {
        log,
        onPid: () => Promise.reject(Object.assign(new Error("no space left on device"), { code: "ENOSPC" })),
      },
    );
    onTestFinished(() => supervised.stop());
    await supervised.up;
    expect(starts).toBe(1);
  });
});

describe("a health address", () => {
  const check = (ask: HealthCheck["ask"]) => watchHealth({ ask, everyMs: 50, silenceLimitMs: 400 }, stop.signal);
  let stop: AbortController;
  beforeEach(() => {
    stop = new AbortController();
  });

  it("that answers each time but was asked late, since this process itself stood still, is no sign of a hang", async () => {
    let asked = 0;
    const ask = async () => {
      asked += 1;
      if (asked > 3) stop.abort();
      if (asked !== 2) return;
      const end = performance.now() + 1_000;
      while (performance.now() < end); // as SIGSTOP or a busy machine holds a process up
      throw new Error("timed out");
    };
    expect(await check(ask)).toBeUndefined();
  });

  it("that does not answer again and again tells of a hang, with the last reason", async () => {
    expect(await check(() => Promise.reject(new Error("no answer")))).toMatch(/^did not answer for \d+ s: no answer$/);
  });

  it("that says that the work stands still is as good as none", async () => {
    await using address = await serveHealth({ port: 0, findStandstill: () => "a pass has not ended for 400 s" });
    const { ask } = healthAddressCheck(() => `http://127.0.0.1:${address.port}/`);
    await expect(ask(stop.signal)).rejects.toThrow("a pass has not ended for 400 s");
  });
});

it("waiting for an address ends when its process has ended", async () => {
  const { part } = await httpPart();
  const child = await part.start();
  child.kill("SIGKILL");
  await expect(
    waitForHttp("http://127.0.0.1:1/", { child, signal: new AbortController().signal, deadlineMs: 120_000 }),
  ).rejects.toThrow("ended");
});

describe("logs", () => {
  const rotate = (keep = 2) => rotateLogs({ folder, maxBytes: 10, keep, log });
  const read = (name: string) => readFileSync(join(folder, name), "utf8");

  it("that have grown too large are emptied in place, and so many older ones are kept", async () => {
    for (const content of ["first, long enough", "second, long enough", "third, long enough", "short"]) {
      writeFileSync(join(folder, "part.log"), content, { flag: "a" });
      await rotate();
    }
    expect([read("part.log"), read("part.log.1"), read("part.log.2")]).toEqual([
      "short",
      "third, long enough",
      "second, long enough",
    ]);
  });

  it("are emptied even when no copy can be made", async () => {
    writeFileSync(join(folder, "part.log"), "long enough to be emptied");
    // A folder where the copy should go stands for a disk that takes no more.
    mkdirSync(join(folder, "part.log.1", "x"), { recursive: true });
    await rotate(1);
    expect(read("part.log")).toBe("");
  });
});

it("the status tells how often and why a part was started again", () => {
  const path = join(folder, "status.json");
  const record = recordStatuses(path);
  for (const state of ["starting", "up"] as const) record("manager", state, "");
  expect(statusText(readStatuses(path).manager ?? expect.fail("no status"))).toBe("up");
  record("manager", "down", "did not answer for 30 s: aborted");
  record("manager", "up", "");
  expect(statusText(readStatuses(path).manager ?? expect.fail("no status"))).toMatch(
    /^up, started again once, last at \S+: did not answer for 30 s: aborted$/,
  );
  // A disk that is full, or a folder that is gone, costs the file only.
  recordStatuses("/dev/full/status.json")("manager", "up", "");
});
