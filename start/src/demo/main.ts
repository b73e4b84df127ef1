import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { PICTURE_SAMPLES, pictureSamplePath, VCF_SAMPLES, vcfSamplePath } from "@elastic-gas/shared/samples";
import { aborted, pause } from "@elastic-gas/shared/shutdown";
import { z } from "zod";
import { addressLines, readAddresses } from "../addresses.ts";
import { readEnvironment } from "../environment.ts";
import { isAlive, processFile } from "../processes.ts";
import { waitForHttp } from "../ready.ts";
import { demoAccounts } from "./accounts.ts";
import { describeFailure } from "./describe-failure.ts";
import type { Account, FormBrowser } from "./form-browser.ts";
import { giveAddress } from "./give-address.ts";
import { runDemoLoad } from "./load.ts";
import { openAccount, register, submitVcf, uploadPicture } from "./use-user-app.ts";

/** `./start.sh demo`: users, annotations, photos and some minutes of load at the system that runs from this folder. */
const USAGE =
  "./start.sh demo [--minutes N]   N is how long the load lasts, 1 to 30 (default: 10); Ctrl-C ends it at any time";
const READY_DEADLINE_MS = 300_000;
/** So that the annotator pool has work now and then while the load goes on. */
const VCF_EVERY_MS = 45_000;
const LOADER = "demo-load";

const root = join(import.meta.dirname, "../../..");
const dataDir = resolve(root, readEnvironment(root, process.env).DATA_DIR || ".data");
const controller = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (!controller.signal.aborted) console.log("\nEnding the demo; what it made stays.");
    controller.abort();
  });
}
process.exitCode = await main(controller.signal).catch((error: unknown) => {
  if (controller.signal.aborted) return 0;
  console.error(`The demo ended early. ${describeFailure(error)}`);
  return 1;
});

async function main(signal: AbortSignal): Promise<number> {
  const minutes = readMinutes(process.argv.slice(2));
  if (minutes === undefined) {
    console.error(USAGE);
    return 2;
  }
  const { main: starter } = processFile(join(dataDir, "run", "start.json")).read();
  const addresses = readAddresses(dataDir);
  if (starter === undefined || !isAlive(starter) || addresses === undefined) {
    console.error(
      "Nothing runs from this folder. Start it with ./start.sh, then run ./start.sh demo in another terminal.",
    );
    return 1;
  }
  const { userApp: origin, mailbox } = addresses;
  if (!/^http:\/\/127\./.test(origin)) {
    console.error(`The demo is for a system on this machine; this one's load balancer is ${origin}.`);
    return 1;
  }
  console.log("Waiting until user-app answers ...");
  await waitForHttp(`${origin}/readyz`, { signal, deadlineMs: READY_DEADLINE_MS });
  const accounts = await demoAccounts(dataDir, ["demo-ada", "demo-ben", LOADER], (account) =>
    register(origin, account),
  );
  const people = accounts.filter(({ username }) => !username.startsWith(LOADER));
  const loader = accounts.find(({ username }) => username.startsWith(LOADER));
  console.log(
    ["Users of user-app:", ...people.map(({ username, password }) => `  ${username} / ${password}`)].join("\n"),
  );
  const readers: FormBrowser[] = [];
  for (const person of people) {
    if (signal.aborted) return 0;
    const reader = await openAccount(origin, person);
    readers.push(reader);
    // Another emulator keeps mails where nobody can read the link: its users stay without an address.
    if (mailbox !== undefined) await giveAddress({ origin, mailbox, signal }, reader, person);
    await usePictures(origin, person, signal);
  }
  for (const reader of readers) await useVcfs(reader, signal);
  if (signal.aborted || loader === undefined) return 0;
  console.log(
    ["", `Load for ${minutes} min: watch the pools page meanwhile.`, ...addressLines(addresses), ""].join("\n"),
  );
  const over = new AbortController();
  const loading = runDemoLoad({ root, origin, account: loader, minutes, signal }).finally(() => over.abort());
  await Promise.all([loading, keepAnnotating(readers, AbortSignal.any([signal, over.signal]))]);
  console.log("The demo is over; what it made stays. The web pool shrinks again within some minutes.");
  return 0;
}

function readMinutes(argv: readonly string[]): number | undefined {
  try {
    const { values } = parseArgs({ args: [...argv], options: { minutes: { type: "string", default: "10" } } });
    return z.coerce.number().min(1).max(30).parse(values.minutes);
  } catch {
    return undefined;
  }
}

async function usePictures(origin: string, person: Account, signal: AbortSignal): Promise<void> {
  for (const sample of PICTURE_SAMPLES) {
    if (signal.aborted) return;
    const { faces, masked } = await uploadPicture(origin, person, {
      name: sample.file,
      path: pictureSamplePath(sample),
    });
    console.log(
      `${person.username}: photo ${sample.file}: ${faces} ${faces === 1 ? "face" : "faces"}, ${masked} with a mask`,
    );
  }
}

async function useVcfs(reader: FormBrowser, signal: AbortSignal): Promise<void> {
  for (const sample of VCF_SAMPLES) {
    if (signal.aborted) return;
    await submitVcf(reader, { name: sample.file, path: vcfSamplePath(sample) });
    console.log(`annotation of ${sample.file} (${sample.label})`);
  }
}

/** A failed submission is told and does not end the load: a busy pool may refuse one. */
async function keepAnnotating(readers: readonly FormBrowser[], signal: AbortSignal): Promise<void> {
  const [sample] = VCF_SAMPLES;
  for (let turn = 0; !signal.aborted && sample !== undefined; turn += 1) {
    await Promise.race([pause(VCF_EVERY_MS, signal), aborted(signal)]);
    const reader = readers[turn % readers.length];
    if (signal.aborted || reader === undefined) return;
    await submitVcf(reader, { name: sample.file, path: vcfSamplePath(sample) }).catch((error: unknown) =>
      console.log(`An annotation was not taken: ${describeFailure(error)}`),
    );
  }
}
