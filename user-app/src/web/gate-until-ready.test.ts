import { serve } from "@elastic-gas/shared/web/serve";
import { expect, onTestFinished, test } from "vitest";
import { gateUntilReady } from "./gate-until-ready.ts";

test("every request is refused with 503 until the gate opens, and it stays open", async () => {
  const gate = gateUntilReady((_req, res) => void res.end("served"));
  const listening = await serve(gate.listener, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => listening.close(0));
  const origin = `http://127.0.0.1:${listening.port}`;
  for (const path of ["/healthz", "/", "/api/upload"]) expect((await fetch(origin + path)).status).toBe(503);
  gate.open();
  expect(await (await fetch(`${origin}/healthz`)).text()).toBe("served");
});
