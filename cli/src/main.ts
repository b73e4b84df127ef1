import { annotate } from "./annotate.ts";

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
process.exitCode = await annotate(process.argv.slice(2), {
  environment: process.env,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  signal: stop.signal,
});
