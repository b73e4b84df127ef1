import { join } from "node:path";
import { parseCommandLine, readCommandLine, UsageError } from "../../shared/src/command-line.ts";
import { launchBrowser } from "../../testing/src/system/browser.ts";
import { startSystem } from "../../testing/src/system/system.ts";
import { enliven, USER } from "./enliven.ts";
import { takeManagerPictures, takeReleasePictures, takeUserAppPictures } from "./shots.ts";

/** Most of the half hour that charts show. */
const MINUTES = 26;
const USAGE = `npm run pictures -- [MINUTES]
Takes docs/images again from a system that it starts, after so many minutes of history (default: ${MINUTES}).`;

const minutes = readCommandLine(USAGE, (args) => {
  const { positionals } = parseCommandLine({ args: [...args], allowPositionals: true });
  const [given = MINUTES] = positionals;
  if (!(Number(given) > 0)) throw new UsageError(`Minutes of history are a number above 0, not ${given}.`);
  return Number(given);
});
const folder = join(import.meta.dirname, "../../docs/images");
// At the durations of every day: pictures shall show what a reader will see.
await using system = await startSystem({ times: "default" });
await using browser = await launchBrowser();
console.log(`The system runs at ${system.managerUrl}; it lives for ${minutes} min, then pictures go to docs/images.`);
await enliven(system, browser, minutes);
await takeManagerPictures(system, { browser, folder });
await takeUserAppPictures(system, { browser, folder }, USER);
await takeReleasePictures(system, { browser, folder });
