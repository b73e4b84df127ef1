import { glob } from "node:fs/promises";

/**
 * What a worker runs, and nothing else: no test, test environment, benchmark or browser source, and none of the parts that stay on the manager's
 * machine. Patterns of Node's `glob`, from the project's root.
 */
const CONTENT = [
  "package.json",
  "package-lock.json",
  ".npmrc",
  "*/package.json", // npm wants every workspace that the lockfile names
  "start.sh",
  "start/install.sh",
  "start/src/{utility,utility-parts,watched-part,supervise,watch-health,ready,free-port}.ts",
  "{shared,user-app,annotator}/src/**/*.ts",
  "user-app/dist/**",
  "user-app/mask-model/mask-model.onnx",
  "samples/{pictures,vcf}/*",
  "annotator/pack/**",
];
const LEFT_OUT =
  /\.test\.ts$|(^|\/)browser\/|(^|\/)node_modules\/|^annotator\/src\/(pack\/(build-pack\.ts$|make\/)|engine\/cases\/)/;

/** The files of a release as paths from the root, sorted. */
export async function listReleaseFiles(root: string): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const entry of glob(CONTENT, { cwd: root, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = `${entry.parentPath}/${entry.name}`.slice(root.replace(/\/$/, "").length + 1);
    if (!LEFT_OUT.test(path)) files.push(path);
  }
  return [...new Set(files)].sort();
}
