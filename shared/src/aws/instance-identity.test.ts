import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { awaitInstanceIdentity } from "./instance-identity.ts";

/** A metadata service that fails this often before it answers. */
async function startMetadata(failures: number): Promise<string> {
  let left = failures;
  const server = createServer((req, res) => {
    if (left > 0) {
      left -= 1;
      req.socket.destroy();
      return;
    }
    res.end(req.url === "/latest/api/token" ? "token" : (req.url ?? "").split("/").at(-1));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("asks a metadata service that is not there yet again", async () => {
  const identity = await awaitInstanceIdentity(await startMetadata(3), { pauseMs: 1 });
  expect(identity).toMatchObject({ instanceId: "instance-id", localIpv4: "local-ipv4" });
});

it("gives up after its time", async () => {
  const endpoint = await startMetadata(Number.POSITIVE_INFINITY);
  await expect(awaitInstanceIdentity(endpoint, { retryForMs: 5, pauseMs: 1 })).rejects.toThrow("did not answer");
});
