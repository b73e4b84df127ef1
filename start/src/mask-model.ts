import { execFile } from "node:child_process";
import { existsSync } from "node:fs";

const DEADLINE_MS = 90_000;

export type MaskModel = { readonly kind: "there" } | { readonly kind: "missing"; readonly why: string };

/** Sees to the mask model at `path`: downloads it when it is not there. Never throws: everything but photos works without it. */
export function ensureMaskModel(root: string, path: string, environment: NodeJS.ProcessEnv): Promise<MaskModel> {
  if (existsSync(path)) return Promise.resolve({ kind: "there" });
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", "user-app/src/masks/model/download-main.ts", path],
      { cwd: root, env: environment, timeout: DEADLINE_MS },
      (error, _stdout, stderr) => {
        const why = stderr.trim().split("\n").at(-1) ?? "";
        resolve(error === null ? { kind: "there" } : { kind: "missing", why: why || error.message });
      },
    );
  });
}
