import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createLogger } from "@elastic-gas/shared/logger";
import { testCall } from "@elastic-gas/testing/local-cloud/sqs/test-call";
import { expect, it, onTestFinished } from "vitest";
import { createSqsService } from "./service.ts";

const SENDER = fileURLToPath(new URL("../../../testing/src/local-cloud/sqs/sender-process.ts", import.meta.url));

it("loses no acknowledged message when the process is killed", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "sqs-kill-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const sender = spawn(process.execPath, ["--no-warnings", SENDER, dataDir], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void sender.kill("SIGKILL"));
  const acknowledged: string[] = [];
  const lines = createInterface({ input: sender.stdout });
  lines.on("line", (line) => {
    acknowledged.push(line);
    if (acknowledged.length === 500) sender.kill("SIGKILL");
  });
  await Promise.all([once(sender, "exit"), once(lines, "close")]);
  expect(acknowledged.length).toBeGreaterThanOrEqual(500);

  const { handlers, close } = createSqsService({ dataDir, log: createLogger("sqs-test", "silent") });
  onTestFinished(close);
  const call = testCall();
  const { QueueUrl } = await handlers.GetQueueUrl({ QueueName: "jobs" }, call);
  const stored = new Set<string | undefined>();
  for (;;) {
    const { Messages = [] } = await handlers.ReceiveMessage({ QueueUrl, MaxNumberOfMessages: 10 }, call);
    if (Messages.length === 0) break;
    for (const { MessageId } of Messages) stored.add(MessageId);
  }
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
}, 300_000);
