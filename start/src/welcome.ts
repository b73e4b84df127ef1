import { join } from "node:path";
import type { FirstAdmin } from "@elastic-gas/shared/accounts/users";
import type { Config } from "@elastic-gas/shared/config";
import { addressesOf, addressLines } from "./addresses.ts";

/** On two quiet cores; the first worker boots, loads the mask model and passes two health checks. */
const FIRST_WORKER = "   starting, about 20\u00a0s; answers 503 until then";

/** Addresses, the password and what to do next: printed when the manager answers. */
export function welcomeLines(config: Config, admin: FirstAdmin): readonly string[] {
  const addresses = addressesOf(config);
  const isLocal = config.CLOUD === "local";
  const userApp = addresses.shown["user-app"];
  return [
    "",
    ...addressLines(addresses).map((line) => (isLocal && line.startsWith("  user-app") ? line + FIRST_WORKER : line)),
    `  sign in      ${signIn(admin)}`,
    `  logs         ${join(config.DATA_DIR, "logs")}`,
    "",
    ...(isLocal && userApp !== undefined ? nextSteps(userApp) : []),
  ];
}

function signIn(admin: FirstAdmin): string {
  if (admin.kind === "exists")
    return `${admin.username} (the password was shown at the first start; ./start.sh admin-password makes a new one)`;
  return `${admin.username} / ${admin.chosen ? "(ADMIN_PASSWORD)" : `${admin.password}   <- shown only now`}`;
}

function nextSteps(userApp: string): readonly string[] {
  return [
    "  Next, in another terminal:",
    "    ./start.sh demo     makes users, annotations, photos and 10 minutes of load: every page has something to show",
    "    ./start.sh status   shows parts, workers, addresses and alerts",
    `    npm run loadgen -- ${userApp}/api/upload load loadpass 5 600 --shape step   makes the web pool grow and shrink`,
    "  Ctrl-C here ends everything.",
    "",
  ];
}
