import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { findFreePort } from "./free-port.ts";

it("gives ports that can be listened on and that the system gives to nobody else", async () => {
  const range = await readFile("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
  const firstOfSystem = Number(range.split(/\s/)[0]);
  const ports = await Promise.all(Array.from({ length: 20 }, findFreePort));
  expect(Math.max(...ports)).toBeLessThan(firstOfSystem);
  for (const port of new Set(ports)) {
    const server = createServer();
    await new Promise<void>((resolve, reject) =>
      server.once("error", reject).listen(port, "127.0.0.1", () => server.close(() => resolve())),
    );
  }
});
