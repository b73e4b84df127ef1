import { execFile } from "node:child_process";
import { join } from "node:path";
import { type StagedCloud, startStagedCloud } from "@elastic-gas/testing/manager/staged-cloud";
import { makePools, startTestManager, TestBrowser, type TestManager } from "@elastic-gas/testing/manager/test-manager";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "./run-command.ts";

const PROGRAM = join(import.meta.dirname, "../../../elastic-gas.sh");

let staged: StagedCloud;
let manager: TestManager;
let token: string;
let readToken: string;
let administerToken: string;

beforeAll(async () => {
  staged = await startStagedCloud();
  staged.stage.workers = [
    { id: "i-0aaa", pool: "web", health: "healthy", ageSeconds: 600 },
    { id: "i-0bbb", pool: "web", state: "pending", ageSeconds: 10 },
  ];
  staged.stage.metric = () => 40;
  manager = await startTestManager({ cloud: staged.cloud });
  await makePools(manager.db);
  await manager.db
    .insertInto("decisions")
    .values({
      pool: "web",
      at: new Date(),
      kind: "hold",
      desiredBefore: 1,
      desiredAfter: 1,
      inService: 1,
      pending: 1,
      warming: 0,
      draining: 0,
      measured: 48.04,
      policyVersion: 1,
      reason: "Holding: 1 worker pending.",
      facts: JSON.stringify({ outcome: "holding" }),
    })
    .execute();
  const browser = new TestBrowser(manager.url);
  await browser.signIn();
  const make = async (scope: string): Promise<string> => {
    await browser.post("/tokens", { name: scope, scope }, "/tokens");
    return /egm_[\w-]{43}/.exec(await (await browser.get("/tokens")).text())?.[0] ?? "none";
  };
  token = await make("operate");
  readToken = await make("read");
  administerToken = await make("administer");
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  await staged[Symbol.asyncDispose]();
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the program as `npx elastic-gas` does, with nothing else in its environment. */
function runProgram(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const env = {
    PATH: process.env.PATH,
    TZ: "UTC",
    ELASTIC_GAS_URL: manager.url,
    ELASTIC_GAS_TOKEN: token,
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(PROGRAM, args, { env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

/** The same without a process of its own. */
async function runHere(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const said = { out: "", err: "" };
  const code = await runCommand(args, {
    environment: { ELASTIC_GAS_URL: manager.url, ELASTIC_GAS_TOKEN: token, ...environment },
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
  });
  return { code, ...said };
}

const jsonOf = async (...args: readonly string[]) => JSON.parse((await runHere([...args, "--json"])).out);

describe("elastic-gas status", () => {
  it("shows each pool's workers, limits, rule, last check and next one, and the alerts", async () => {
    // As of an autoscaler that runs: the staged check grows old while other tests run.
    await manager.db.updateTable("decisions").set({ at: new Date() }).execute();
    const { code, out, err } = await runProgram(["status"]);
    expect([code, err]).toEqual([0, ""]);
    const [heads = "", web = ""] = out.split("\n");
    expect(heads.split(/ {2,}/)).toEqual([
      "POOL",
      "DESIRED",
      "IN SERVICE",
      "WARMING",
      "PENDING",
      "DRAINING",
      "UNHEALTHY",
      "LIMITS",
      "NEXT CHECK",
    ]);
    expect(web.split(/ {2,}/)).toEqual([
      "web",
      "1",
      "1",
      "0",
      "1",
      "0",
      "0",
      "1-8",
      expect.stringMatching(/^in \d+.s$/),
    ]);
    // Aligned: each column begins below its head.
    expect(web.indexOf("1-8")).toBe(heads.indexOf("LIMITS"));
    expect(out).toContain(
      "web: Holding: 1 worker pending.\n  policy v1, CPU: grow above 70\u00a0%, shrink below 30\u00a0%,",
    );
    expect(out).toContain("user-app: http://dev-gas-1846302197.us-east-1.elb.amazonaws.com:8080/");
    expect(out).toContain("autoscaler: running, last check ");
    expect(out).toContain("No alerts.");
  });

  it("names alerts with what to do", async () => {
    await runHere(["pause", "web"]);
    const { out } = await runHere(["status"]);
    await runHere(["resume", "web"]);
    expect(out).toContain("WARNING: web is paused by anna. Lost workers are still replaced.\n  What to do: Resume it");
    expect(out).toMatch(/^web .* paused$/m);
  });

  it("gives the API's own JSON", async () => {
    const { headers, body } = await fetchStatus();
    expect(headers).toContain("application/json");
    expect(Object.keys(await jsonOf("status"))).toEqual(Object.keys(body));
  });

  async function fetchStatus() {
    const response = await fetch(`${manager.url}/api/v1/status`, { headers: { authorization: `Bearer ${token}` } });
    return { headers: response.headers.get("content-type"), body: await response.json() };
  }
});

describe("elastic-gas grow and shrink", () => {
  it("ask for one, several, or a number of workers, with the reason", async () => {
    expect((await runHere(["grow", "web"])).out).toMatch(
      /^web: desired 1 → 2\. The policy leaves it alone for 10.min\.\n$/,
    );
    expect((await runHere(["grow", "web", "--by", "3", "--reason", "lab session"])).out).toContain("desired 2 → 5.");
    expect(await jsonOf("shrink", "web", "--to", "2")).toMatchObject({ done: true });
    const [shrunk, grown] = await jsonOf("activity", "web");
    expect([shrunk.reason, grown.reason]).toEqual(["anna shrank web 5 → 2.", "anna grew web 2 → 5: “lab session”."]);
  });

  it("say on stderr why not, with exit code 1", async () => {
    const { code, out, err } = await runProgram(["grow", "web", "--to", "20"]);
    expect([code, out, err]).toEqual([1, "", "web does not grow: 20 is above the maximum of 8.\n"]);
  });

  it("need a token that operates", async () => {
    const { code, err } = await runHere(["grow", "web"], { ELASTIC_GAS_TOKEN: readToken });
    expect([code, err]).toEqual([1, "This token may only read.\n"]);
    expect((await runHere(["status"], { ELASTIC_GAS_TOKEN: readToken })).code).toBe(0);
    expect((await runHere(["status"], { ELASTIC_GAS_TOKEN: "egm_wrong" })).err).toBe(
      "This token is unknown or was revoked.\n",
    );
  });
});

describe("elastic-gas policy", () => {
  it("shows, changes, lists and undoes", async () => {
    expect((await runHere(["policy", "web"])).out).toMatch(
      /^web, policy v1\n\n.*\nkind +cpu\ngrowThresholdPercent +70\n/,
    );
    const changed = await runHere(["policy", "web", "set", "growThresholdPercent=65", "max=10", "flapBackOff=off"]);
    expect(changed.out).toMatch(/^web, policy v2\n/);
    expect(changed.out).toMatch(/^growThresholdPercent +65$/m);
    expect(changed.out).toMatch(/^flapBackOff +false$/m);
    expect(changed.out).toMatch(/^max +10$/m);
    const versions = (await runHere(["policy", "web", "--versions"])).out.trimEnd().split("\n");
    expect(versions[1]).toMatch(
      /^v2 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +anna +grow above 70 → 65.%, maximum 8 → 10, flap/,
    );
    expect(await jsonOf("policy", "web", "--undo")).toMatchObject({
      version: 3,
      policy: { growThresholdPercent: 70, flapBackOff: true },
      limits: { min: 1, max: 8 },
    });
    expect(await jsonOf("policy", "web", "--undo")).toMatchObject({ version: 4, policy: { growThresholdPercent: 65 } });
  });

  it("takes another rule with that rule's own first values", async () => {
    expect(await jsonOf("policy", "web", "set", "kind=requests", "growHoldSeconds=60")).toMatchObject({
      policy: { kind: "requests", growHoldSeconds: 60, growAboveRequestsPerMinute: 200 },
    });
  });

  it("says what the manager refuses, and that there is nothing to undo", async () => {
    const { code, err } = await runHere(["policy", "annotator", "set", "growAbove=5"]);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining("The rule queue has no growAbove; it has kind, targetUtilizationPercent"),
    ]);
    expect((await runHere(["policy", "utility", "--undo"])).err).toBe("utility has no version before v1.\n");
  });
});

describe("elastic-gas decisions", () => {
  it("shows checks with their reasons, of one pool or all, since a time", async () => {
    const lines = (await runHere(["decisions", "web", "--limit", "5", "--since", "2h"])).out.trimEnd().split("\n");
    expect(lines[0]?.split(/ {2,}/)).toEqual([
      expect.stringMatching(/^TIME \(.+\)$/),
      "POOL",
      "OUTCOME",
      "DESIRED",
      "IN SERVICE",
      "MEASURED",
      "REASON",
    ]);
    expect(lines[1]).toMatch(/^[\d-]{10} [\d:]{8} +web +holding +1 +1 +48 +Holding: 1 worker pending\.$/);
    expect((await runHere(["decisions", "annotator"])).out).toBe("No checks in this time.\n");
    expect((await runHere(["decisions", "--since", new Date(Date.now() + 60_000).toISOString()])).out).toBe(
      "No checks in this time.\n",
    );
  });
});

describe("a command line that is not understood", () => {
  it.each([
    [[], "Which command?"],
    [["fly"], "Unknown command fly."],
    [["grow"], "Which pool? web, annotator, utility."],
    [["grow", "wbe"], "Unknown pool “wbe”. Pools: web, annotator, utility."],
    [["grow", "web", "--by", "1", "--to", "2"], "Give --by or --to, not both."],
    [["grow", "web", "--by", "none"], "--by takes a whole number of at least 1, not none."],
    [["grow", "web", "annotator"], "annotator is one word too many."],
    [["status", "--quick"], "Unknown option '--quick'"],
    [["policy", "web", "set"], "set needs at least one NAME=VALUE."],
    [["policy", "web", "set", "max"], "max is not NAME=VALUE."],
    [["policy", "web", "set", "max=3", "--undo"], "set, --versions and --undo exclude each other."],
    [["decisions", "--since", "yesterday"], "--since yesterday is no time."],
  ])("%j ends with 2, the reason and the usage", async (args, reason) => {
    const { code, out, err } = await runHere(args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(reason);
    expect(err).toContain("elastic-gas");
  });

  it("ends the program with 2 as well", async () => {
    expect((await runProgram(["fly"])).code).toBe(2);
  });

  it("is one without a token too, and says where to get one", async () => {
    const { code, err } = await runHere(["status"], { ELASTIC_GAS_TOKEN: "" });
    expect([code, err]).toEqual([2, expect.stringContaining("page API tokens")]);
  });
});

describe("elastic-gas resume and dead-letters", () => {
  it("ends the hold after a manual change", async () => {
    await runHere(["grow", "web"]);
    expect((await runHere(["status"])).out).toMatch(/^web .* held \d+/m);
    expect((await runHere(["resume", "web"])).out).toContain("decides again");
    expect((await runHere(["status"])).out).not.toMatch(/^web .* held/m);
  });

  it("lists what could not be handled, and sends it again once", async () => {
    const body = JSON.stringify({ version: 1, userId: 1 });
    const reason = "Failed 4 times, at last with:\n  socket hang up";
    const outcome = "The message was set aside.";
    const letter = { queue: "restore", messageId: "m1", body, outcome, reason, resolvedAt: null } as const;
    await manager.db.insertInto("deadLetters").values(letter).execute();
    const id =
      /^(\d+) .*restore +The message was set aside\. +Failed 4 times, at last with: socket hang up$/m.exec(
        (await runHere(["dead-letters"])).out,
      )?.[1] ?? "none";
    expect((await runHere(["dead-letters", "send", id])).out).toBe(`Message ${id} is on its way again.\n`);
    expect((await runHere(["dead-letters", "send", id])).out).toContain("already sent again");
    expect(await runHere(["dead-letters"])).toMatchObject({
      code: 0,
      out: "No dead letters: every message was handled.\n",
    });
    expect((await runHere(["dead-letters", "send"])).code).toBe(2);
  });
});

describe("elastic-gas report", () => {
  it("writes the file of a range in a zone, and says what it does not know", async () => {
    const { code, out } = await runHere(["report", "--range", "3h", "--zone", "Asia/Kolkata"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^<!doctype html>\n<html lang="en">.*the past 3 hours.*\(Asia\/Kolkata\).*<\/html>$/s);
    expect((await runHere(["report", "--range", "2y"])).code).toBe(1);
    expect((await runHere(["report", "--zone", "Nowhere"])).err).toContain("A time zone such as America/Chicago.");
  });
});

describe("elastic-gas users", () => {
  const asAdministrator = (...args: readonly string[]) =>
    runHere(["users", ...args], { ELASTIC_GAS_TOKEN: administerToken });

  it("creates users, with an invitation or a password, lists them, and changes a plan", async () => {
    expect((await asAdministrator("add", "ada", "--email", "ada@example.org")).out).toBe(
      "ada was created. A link to choose a password is on its way to ada@example.org.\n",
    );
    expect((await asAdministrator("add", "bea", "--access", "viewer")).out).toMatch(
      /^bea was created\..*\n\nSign in: http:\/\/localhost:8080\/login\nUser name: bea\nPassword: \w{20}\n$/,
    );
    expect((await asAdministrator("invite", "ada")).out).toContain("Another link for ada is on its way");
    expect((await asAdministrator("invite", "bea")).err).toContain("bea was not invited");
    expect((await asAdministrator("plan", "bea", "premium")).out).toContain("bea is Premium now, without a payment.");
    const { out } = await asAdministrator();
    expect(out).toMatch(
      /^ada +ada@example\.org +free +user +[\d-]{10} [\d:]{8} +not yet accepted; mail is on its way$/m,
    );
    expect(out).toMatch(/^bea +- +premium, given +viewer +/m);
  });

  it("needs a token that administers, and words that make sense", async () => {
    expect((await runHere(["users"])).err).toBe("This token may not see or manage users.\n");
    expect((await asAdministrator("add", "x", "--access", "root")).code).toBe(1);
    for (const words of [["fly"], ["add"], ["plan", "bea", "gold"], ["invite", "bea", "now"], ["--email", "a@b.org"]])
      expect((await asAdministrator(...words)).code).toBe(2);
  });
});

describe("help and failures", () => {
  it.each([
    "status",
    "grow",
    "shrink",
    "pause",
    "resume",
    "policy",
    "dead-letters",
    "users",
    "report",
    "activity",
    "decisions",
  ])("%s --help explains it without asking anybody", async (command) => {
    const { code, out } = await runHere([command, "--help"], { ELASTIC_GAS_TOKEN: "" });
    expect([code, out]).toEqual([0, expect.stringContaining(`elastic-gas ${command}`)]);
  });

  it("says when no manager answers, or something else does", async () => {
    const nobody = await runHere(["status"], { ELASTIC_GAS_URL: "http://127.0.0.1:1" });
    expect([nobody.code, nobody.err]).toEqual([1, expect.stringMatching(/^The manager at .* does not answer \(/)]);
    const other = await runHere(["status"], { ELASTIC_GAS_URL: staged.cloud.endpoint });
    expect([other.code, other.err]).toEqual([1, expect.stringContaining("is it the manager?")]);
    expect((await runHere(["status"], { ELASTIC_GAS_URL: "localhost" })).code).toBe(2);
  });
});
