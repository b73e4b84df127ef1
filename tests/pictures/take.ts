import { join } from "node:path";
import { launchBrowser } from "../../testing/src/system/browser.ts";
import { startSystem } from "../../testing/src/system/system.ts";
import { enliven, USER } from "./enliven.ts";
import { takeManagerPictures, takeReleasePictures, takeUserAppPictures } from "./shots.ts";

// Takes docs/images again: `npm run pictures`, or `npm run pictures -- 5` for five minutes of history instead of most
// of the half hour that charts show.

const MINUTES = 26;

const minutes = Number(process.argv[2] ?? MINUTES);
if (!(minutes > 0)) throw new Error(`Minutes of history are a number above 0, not ${process.argv[2]}.`);
const folder = join(import.meta.dirname, "../../docs/images");
// At the durations of every day: pictures shall show what a reader will see.
await using system = await startSystem({ times: "default" });
await using browser = await launchBrowser();
console.log(`The system runs at ${system.managerUrl}; it lives for ${minutes} min, then pictures go to docs/images.`);
await enliven(system, browser, minutes);
await takeManagerPictures(system, { browser, folder });
await takeUserAppPictures(system, { browser, folder }, USER);
await takeReleasePictures(system, { browser, folder });
