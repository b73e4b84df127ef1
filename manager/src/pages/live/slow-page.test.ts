import { startStagedCloud } from "@elastic-gas/testing/manager/staged-cloud";
import { startTestManager, TestBrowser } from "@elastic-gas/testing/manager/test-manager";
import { connectionOf } from "@elastic-gas/testing/manager/viewers";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { io } from "socket.io-client";
import { expect, it, onTestFinished } from "vitest";
import { followLive, type LiveSocket } from "./follow-live.ts";
import { LIVE_NAMESPACE } from "./live-events.ts";

it("a page that stops reading is left out until it reads again, and holds up nobody", {
  timeout: 120_000,
}, async () => {
  await using staged = await startStagedCloud();
  // Large snapshots fill the machine's own buffers soon.
  staged.stage.workers = Array.from({ length: 1_500 }, (_, index) => ({
    id: `i-0${index.toString(16).padStart(16, "0")}`,
    pool: "web",
    health: "healthy",
    ageSeconds: 3_600,
  }));
  await using manager = await startTestManager({ cloud: staged.cloud });
  const { live } = manager.manager;
  const browser = new TestBrowser(manager.url);
  await browser.signIn();
  const connect = (): { readonly socket: LiveSocket; readonly times: number[] } => {
    const socket: LiveSocket = io(manager.url + LIVE_NAMESPACE, {
      extraHeaders: { cookie: browser.cookie },
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
    });
    const times: number[] = [];
    followLive(socket).onFleet(({ at }) => times.push(at));
    onTestFinished(() => void socket.disconnect());
    return { socket, times };
  };
  const quick = connect();
  const stuck = connect();
  await waitUntil("both have the fleet", () => quick.times.length > 0 && stuck.times.length > 0);

  const connection = connectionOf(stuck.socket);
  connection.pause();
  const asking = setInterval(() => stuck.socket.emit("refresh"), 20);
  onTestFinished(() => clearInterval(asking));
  // A look at any one moment would also find pages that are just being sent to.
  let inARow = 0;
  await waitUntil(
    "what it was sent does not leave any more",
    () => {
      inARow = live.countSlow() === 1 ? inARow + 1 : 0;
      return inARow >= 50;
    },
    { deadlineMs: 120_000 },
  );
  const stalledAt = Date.now();
  const rounds = quick.times.length;
  await waitUntil("the other page goes on", () => quick.times.length >= rounds + 4, { deadlineMs: 120_000 });
  expect(live.countSlow()).toBe(1);
  clearInterval(asking);

  const resumedAt = Date.now();
  connection.resume();
  await waitUntil("it has the present again", () => (stuck.times.at(-1) ?? 0) > resumedAt, { deadlineMs: 120_000 });
  // The rounds in between were not kept for it; one may have been on its way.
  const missed = (at: number): boolean => at > stalledAt && at < resumedAt - 500;
  expect(quick.times.filter(missed).length).toBeGreaterThanOrEqual(3);
  expect(stuck.times.filter(missed).length).toBeLessThanOrEqual(1);
});
