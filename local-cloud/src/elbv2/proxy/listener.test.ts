import { connect, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { Listener } from "./listener.ts";

it("lets one client open no more than its share of connections, and others theirs", async () => {
  const listener = new Listener(
    () => {
      throw new Error("No request is sent");
    },
    { mostOfOneClient: 3 },
  );
  const port = await listener.listen("127.0.0.1", 0);
  onTestFinished(() => listener.close());
  const open = (localAddress: string): Socket => {
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    socket.on("error", () => undefined); // "close" follows
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  /** What the balancer makes of a connection on which no request begins: it is closed, or asks for one. */
  const outcome = (socket: Socket) =>
    new Promise<string>((resolve) => {
      socket.once("close", () => resolve("closed"));
      socket.once("data", (bytes) => resolve(bytes.toString("latin1").slice(0, 12)));
      socket.write("nonsense\r\n\r\n");
    });

  const held = [open("127.0.0.1"), open("127.0.0.1"), open("127.0.0.1")];
  await Promise.all(held.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
  expect(await outcome(open("127.0.0.1"))).toBe("closed");
  expect(await outcome(open("127.0.0.2"))).toBe("HTTP/1.1 400");
  const [first] = held;
  if (first !== undefined) expect(await outcome(first)).toBe("HTTP/1.1 400");
  await expect.poll(() => outcome(open("127.0.0.1"))).toBe("HTTP/1.1 400");
});
