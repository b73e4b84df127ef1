import { expect, it } from "vitest";
import { memoryOfTree, processName } from "./process-memory.ts";

it.each([
  [["node", "--max-old-space-size=64", "/srv/gas/manager/src/main.ts"], "manager"],
  [["/srv/gas/node_modules/node/bin/node", "annotator/src/engine/main.ts"], "annotator engine"],
  [["node", "annotator/src/lifecycle/main.ts", "x"], "annotator lifecycle"],
  [["node", "/srv/gas/start/src/supervisor-main.ts"], "start supervisor"],
  [["/usr/sbin/mariadbd", "--datadir=/tmp/x"], "mariadbd"],
])("names the process of %j", (command, name) => {
  expect(processName(command)).toBe(name);
});

it("counts the memory of a process and of those below it", () => {
  const own = memoryOfTree(process.pid).find(({ pid }) => pid === process.pid);
  expect(own?.bytes).toBeGreaterThan(1_000_000);
});
