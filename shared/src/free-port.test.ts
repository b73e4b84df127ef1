import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { findFreePort } from "./free-port.ts";

async function listen(port: number, host: string) {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  onTestFinished(() => void server.close());
}

it("gives ports that can be listened on and that the system gives to nobody else", async () => {
  const range = await readFile("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
  const firstOfSystem = Number(range.split(/\s/)[0]);
  const ports = await Promise.all(Array.from({ length: 20 }, () => findFreePort()));
  expect(Math.max(...ports)).toBeLessThan(firstOfSystem);
  expect(new Set(ports).size).toBe(ports.length);
  for (const port of ports) await listen(port, "127.0.0.1");
});

it("gives no port that one address of the machine has", async () => {
  const port = await findFreePort();
  await listen(port, "127.0.0.9");
  await expect(findFreePort({ first: port, last: port })).rejects.toThrow("was free");
});

it("gives no port that another process got and has not opened yet, until that process has ended", async () => {
  const port = await findFreePort();
  const range = { first: port + 1, last: port + 1 };
  const code = `import { findFreePort } from ${JSON.stringify(import.meta.resolve("./free-port.ts"))};
    console.log(await findFreePort(${JSON.stringify(range)}));
    process.stdin.resume();`;
  const other = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void other.kill());
  const [printed] = await once(other.stdout, "data");
  expect(Number(printed)).toBe(range.first);
  await expect(findFreePort(range)).rejects.toThrow("was free");
  other.stdin.end();
  await once(other, "exit");
  expect(await findFreePort(range)).toBe(range.first);
});
