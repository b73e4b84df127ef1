import { glob } from "node:fs/promises";

export const RELEASE_KINDS = ["worker", "manager"] as const;
/** What workers run, and what runs on the manager's machine. */
export type ReleaseKind = (typeof RELEASE_KINDS)[number];

const COMMON = [
  "package.json",
  "package-lock.json",
  ".npmrc",
  "*/package.json", // npm wants every workspace that the lockfile names
  "start.sh",
  "start/install.sh",
];
/**
 * Each without a test, test environment, benchmark or browser source. Patterns of Node's `glob`, from the project's
 * root.
 */
const CONTENT: Readonly<Record<ReleaseKind, readonly string[]>> = {
  // None of the parts that stay on the manager's machine.
  worker: [
    ...COMMON,
    "dist/{user-app,annotator,utility}/*",
    "user-app/dist/**",
    "user-app/mask-model/mask-model.onnx",
    "samples/{pictures,vcf}/*",
    "annotator/pack/**",
  ],
  manager: [
    ...COMMON,
    "dist/{supervisor,manager,autoscaler}/*",
    // The commands of start.sh and `elastic-gas`.
    "{start/src,manager/src/features/{api,cli}}/*.ts",
    "manager/src/{features/pools/resize-body,model/charts/range}.ts",
    "{shared,scaling}/src/**/*.ts",
    // The start names it; it plays no AWS here.
    "local-cloud/src/credentials.ts",
    "manager/dist/**",
    "manager/elastic-gas.sh",
    "samples/pictures/*",
    "aws/user-data.sh",
  ],
};
const LEFT_OUT = /\.test\.ts$|(^|\/)browser\/|^start\/src\/(build-program|build-programs-main|bundler-plugins)\.ts$/;

/** The files of a release as paths from the root, sorted. */
export async function listReleaseFiles(root: string, kind: ReleaseKind = "worker"): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const entry of glob(CONTENT[kind], { cwd: root, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = `${entry.parentPath}/${entry.name}`.slice(root.replace(/\/$/, "").length + 1);
    if (!LEFT_OUT.test(path)) files.push(path);
  }
  return [...new Set(files)].sort();
}
