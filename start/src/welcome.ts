import { join } from "node:path";
import type { FirstAdmin } from "@elastic-gas/shared/accounts/users";
import type { Config } from "@elastic-gas/shared/config";
import { shellQuoted } from "@elastic-gas/shared/format/shell-quoted";
import { addressesOf, addressLines } from "./addresses.ts";

/** 4 to 10 s on two cores: the first worker boots, loads the mask model and passes a health check. */
const FIRST_WORKER = "   starting, about 10\u00a0s; answers 503 until then";

/**
 * Addresses, the password and what to do next: printed when the manager answers. `ownFolder` is where the checkout's
 * data are when nothing else is chosen: then the commands need not name the folder.
 */
export function welcomeLines(config: Config, admin: FirstAdmin, ownFolder: string): readonly string[] {
  const addresses = addressesOf(config);
  const isLocal = config.CLOUD === "local";
  const userApp = addresses.shown["user-app"];
  return [
    "",
    ...addressLines(addresses).map((line) => (isLocal && line.startsWith("  user-app") ? line + FIRST_WORKER : line)),
    `  sign in      ${signIn(admin)}`,
    `  logs         ${join(config.DATA_DIR, "logs")}`,
    "",
    ...(isLocal && userApp !== undefined
      ? nextSteps(userApp, config.DATA_DIR === ownFolder ? "" : setting(config))
      : []),
  ];
}

function signIn(admin: FirstAdmin): string {
  if (admin.kind === "exists")
    return `${admin.username} (the password was shown at the first start; ./start.sh admin-password makes a new one)`;
  return `${admin.username} / ${admin.chosen ? "(ADMIN_PASSWORD)" : `${admin.password}   <- shown only now`}`;
}

/** Of another data folder: the commands find the running system by it. */
function setting({ DATA_DIR }: Config): string {
  return `DATA_DIR=${shellQuoted(DATA_DIR)} `;
}

function nextSteps(userApp: string, folder: string): readonly string[] {
  return [
    "  Next, in another terminal:",
    `    ${folder}./start.sh demo     makes users, annotations, photos and 10 minutes of load: every page has something to show`,
    `    ${folder}./start.sh status   shows parts, workers, addresses and alerts`,
    `    npm run loadgen -- ${userApp}/api/upload load loadpass 5 600 --shape step   makes the web pool grow and shrink`,
    "  Ctrl-C here ends everything.",
    "",
  ];
}
