import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readBootId, readStat } from "./proc.ts";
import { type Leader, MARKER } from "./session-table.ts";

export interface LaunchOptions {
  readonly folder: string;
  /** `<owner>/<instance id>`; see SessionTable. */
  readonly marker: string;
  readonly userData: string;
  readonly metadataEndpoint: string;
  /** Files (cgroup.procs) that the new process writes itself into before anything else runs. */
  readonly joinFiles: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly onExit: () => void;
}

/** An instance without a script idles, as a machine without user data does. */
const IDLE_SCRIPT = "#!/bin/bash\nexec sleep infinity\n";

/** Joins the quota's groups first, so that not one instruction of the script runs outside of them. */
const BOOTSTRAP = 'for file in "$@"; do echo $$ > "$file" || exit 126; done; exec nice -n 10 bash ./user-data.sh';

/** This Node, then the machine's programs. */
export const INSTANCE_PATH = `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;

export function consoleLogOf(folder: string): string {
  return join(folder, "console.log");
}

/** Starts the script as leader of a session of its own, with nothing of our environment. Throws when that fails. */
export function launchSession(options: LaunchOptions): Leader {
  const temporary = join(options.folder, "tmp");
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  const script = options.userData.trim() === "" ? IDLE_SCRIPT : options.userData;
  writeFileSync(join(options.folder, "user-data.sh"), script, { mode: 0o700 });
  const log = openSync(consoleLogOf(options.folder), "a", 0o600);
  try {
    const child = spawn("/bin/sh", ["-c", BOOTSTRAP, "sh", ...options.joinFiles], {
      cwd: options.folder,
      detached: true, // setsid(2)
      stdio: ["ignore", log, log],
      env: {
        PATH: INSTANCE_PATH,
        LANG: "C.UTF-8",
        ...options.environment,
        HOME: options.folder,
        TMPDIR: temporary,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: options.metadataEndpoint,
        [MARKER]: options.marker,
      },
    });
    child.on("error", options.onExit);
    child.on("exit", options.onExit);
    child.unref();
    const stat = child.pid === undefined ? undefined : readStat(child.pid);
    if (!stat) throw new Error(`Could not start the instance's script in ${options.folder}.`);
    return { pid: stat.pid, startTicks: stat.startTicks, bootId: readBootId() };
  } finally {
    closeSync(log);
  }
}
