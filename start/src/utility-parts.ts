import { type Part, spawnNode } from "./supervise.ts";
import { watchedPart } from "./watched-part.ts";

const PROCESSES = ["notify", "archive", "restore", "thaw"] as const;
const STOP_MS = 20_000;

/** The four processes of a utility worker, each started again alone when it dies or hangs. */
export function utilityParts({
  root,
  environment,
  silenceLimitMs,
}: {
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly silenceLimitMs?: number;
}): readonly Part[] {
  return PROCESSES.map((name) =>
    watchedPart({
      name,
      start: (own) =>
        spawnNode({
          entry: `annotator/src/lifecycle/${name}/main.ts`,
          root,
          environment: { ...environment, ...own },
          logFile: undefined,
          detached: false,
        }),
      stopMs: STOP_MS,
      ...(silenceLimitMs === undefined ? {} : { silenceLimitMs }),
    }),
  );
}
