import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { PACKAGES_BESIDE } from "./programs.ts";

/** What npm's lockfile says of each package, by its folder. */
const Lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      link: z.boolean().optional(),
      dependencies: z.record(z.string(), z.string()).default({}),
      optionalDependencies: z.record(z.string(), z.string()).default({}),
      peerDependencies: z.record(z.string(), z.string()).default({}),
    }),
  ),
});
type Packages = z.infer<typeof Lockfile>["packages"];

/** Named in code, or started as a program: Node itself. */
const ALWAYS = ["node"];
/** What no program reads: types, source maps, texts, and the second builds for bundlers of the AWS SDK. */
const LEFT_OUT =
  /\.d\.[cm]?ts$|\.map$|\.(?:md|markdown)$|\/(?:test|tests|docs|\.github)\/|^node_modules\/(?:@aws-sdk|@smithy|@aws)\/[^/]+\/dist-(?:es|types)\//;
/** onnxruntime brings its library for every platform. */
const LIBRARY = /^node_modules\/onnxruntime-node\/bin\/napi-v\d+\/([^/]+)\/([^/]+)\//;

/**
 * The files in node_modules that these sources need to run on this platform, as paths from the root, sorted: the
 * packages that they import and what those depend on, and none of what builds, checks and tests.
 */
export function listPackageFiles(root: string, sources: readonly string[]): readonly string[] {
  const { packages } = Lockfile.parse(JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")));
  const files = [...packagesOf(root, sources, packages)].flatMap((folder) => filesIn(root, folder));
  const workspaces = sources.filter((path) => !path.endsWith("package.json")).map((path) => path.split("/")[0] ?? "");
  const links = [...new Set(workspaces)]
    .map((workspace) => `node_modules/@elastic-gas/${workspace}`)
    .filter((link) => packages[link]?.link);
  return [...files.filter(isNeeded), ...links, "node_modules/.bin/node"].sort();
}

function packagesOf(root: string, sources: readonly string[], packages: Packages): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (name: string, from: string): void => {
    const folder = findPackage(packages, name, from);
    // Not there: an optional package of another platform.
    if (folder === undefined || found.has(folder) || !existsSync(join(root, folder))) return;
    if (packages[folder]?.link) return;
    found.add(folder);
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = packages[folder] ?? {};
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
      if (!dependency.startsWith("@types/")) add(dependency, folder);
  };
  for (const name of ALWAYS) add(name, "");
  for (const path of sources.filter((each) => each.endsWith(".ts"))) {
    for (const name of importedPackages(readFileSync(join(root, path), "utf8"))) add(name, path.split("/")[0] ?? "");
  }
  for (const path of sources.filter((each) => each.startsWith("dist/") && each.endsWith(".js"))) {
    const program = readFileSync(join(root, path), "utf8");
    for (const name of PACKAGES_BESIDE) if (program.includes(`"${name}"`)) add(name, "");
  }
  return found;
}

/** `@scope/name` or `name` of every import that is not of types alone. */
export function importedPackages(source: string): readonly string[] {
  const specifiers = [
    ...source.matchAll(/^(?:import|export)\s(?!type\b)(?:[^"';]*?\sfrom\s+)?["']([^"'.][^"']*)["']/gm),
    ...source.matchAll(/\b(?:import|require)\(\s*["']([^"'.][^"']*)["']/g),
  ].map(([, specifier = ""]) => specifier);
  return [
    ...new Set(
      specifiers
        .filter((specifier) => !specifier.startsWith("node:"))
        .map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier),
    ),
  ];
}

/** As Node looks for it: in the folder's own node_modules, then in those of the folders above. */
function findPackage(packages: Packages, name: string, from: string): string | undefined {
  for (let folder = from; ; ) {
    const candidate = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (packages[candidate] !== undefined) return candidate;
    if (folder === "") return undefined;
    folder = folder.includes("/") ? folder.slice(0, folder.lastIndexOf("/")) : "";
  }
}

/** Without packages inside of it: they are listed by themselves. */
function filesIn(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesIn(root, path);
    return [path];
  });
}

function isNeeded(path: string): boolean {
  if (LEFT_OUT.test(path)) return false;
  const library = LIBRARY.exec(path);
  return library === null || (library[1] === process.platform && library[2] === process.arch);
}
