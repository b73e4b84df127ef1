import { createInterface } from "node:readline";
import { type PauserOrder, PauserOrderSchema } from "./pauser-protocol.ts";
import { Throttle } from "./throttle.ts";

/**
 * Entry of the pauser's own process, so that a busy local-cloud does not keep workers standing still. Whoever starts it
 * holds the
 * other end of its input: when that end closes, also by kill -9, it resumes everything and ends.
 */
let throttle: Throttle | undefined;
let timer: NodeJS.Timeout | undefined;

function step(): void {
  if (!throttle) return;
  clearTimeout(timer);
  timer = setTimeout(step, throttle.step() * 1000);
}

function obey(order: PauserOrder): void {
  throttle ??= new Throttle(order.owner);
  throttle.apply(order.sessions);
  step();
}

function end(exitCode: number): void {
  clearTimeout(timer);
  throttle?.resumeAll();
  process.exit(exitCode);
}

const input = createInterface({ input: process.stdin });
input.on("line", (line) => obey(PauserOrderSchema.parse(JSON.parse(line))));
input.on("close", () => end(0));
process.on("SIGTERM", () => end(0));
process.on("SIGINT", () => end(0));
process.on("uncaughtException", (error) => {
  process.stderr.write(`${error.stack}\n`);
  end(1);
});
