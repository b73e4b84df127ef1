import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, test } from "vitest";
import { claimFolder } from "./claim-folder.ts";

const CLAIM = `
  import { spawn } from "node:child_process";
  const { claimFolder } = await import(process.argv[1]);
  console.log(claimFolder(process.argv[2]));
  const child = spawn("sleep", ["30"], { stdio: "ignore", detached: true });
  setInterval(() => child.pid, 1_000);
`;

test("of many starts at once one has the folder, until it ends, also when it is killed and a child of it lives on", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "claim-")), "run", "start.lock");
  const source = new URL("./claim-folder.ts", import.meta.url).href;
  const starts = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", CLAIM, source, path]),
  );
  try {
    const claims = await Promise.all(
      starts.map(async (start) => ({ start, has: String((await once(start.stdout, "data"))[0]).trim() === "true" })),
    );
    expect(claims.filter(({ has }) => has)).toHaveLength(1);
    expect(claimFolder(path)).toBe(false);
    claims.find(({ has }) => has)?.start.kill("SIGKILL");
    await waitUntil("the folder is free", () => claimFolder(path));
  } finally {
    for (const start of starts) start.kill("SIGKILL");
  }
});
