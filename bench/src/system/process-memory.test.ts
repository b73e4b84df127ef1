import { expect, it } from "vitest";
import { memoryOfTree, processName } from "./process-memory.ts";

it.each([
  [["node", "--max-old-space-size=64", "/srv/gas/dist/manager/main.js"], "manager"],
  [["/srv/gas/node_modules/node/bin/node", "dist/annotator/engine-main.js"], "annotator engine"],
  [["node", "dist/user-app/main.js", "x"], "user-app"],
  [["node", "/srv/gas/start/src/main.ts"], "start"],
  [["/usr/sbin/mariadbd", "--datadir=/tmp/x"], "mariadbd"],
])("names the process of %j", (command, name) => {
  expect(processName(command)).toBe(name);
});

it("counts the memory of a process and of those below it", () => {
  const own = memoryOfTree(process.pid).find(({ pid }) => pid === process.pid);
  expect(own?.bytes).toBeGreaterThan(1_000_000);
});
