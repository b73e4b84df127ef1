import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { rolldown } from "rolldown";
import { packagesInside, sourcesInside } from "./bundler-plugins.ts";
import {
  describeSources,
  findStale,
  PACKAGES_BESIDE,
  PROGRAMS,
  type Program,
  programFolder,
  SOURCES_FILE,
} from "./programs.ts";

/**
 * Builds programs: `build-programs-main.ts ROOT PROGRAM ...`. A program and the threads and processes that it starts
 * become files of one folder, with what they use of our sources and of the packages.
 */
const [root = "", ...names] = process.argv.slice(2);
// One after another: the bundler uses all cores. Another process may have built some while this one waited.
for (const program of findStale(root, names.filter(isProgram))) await build(program);

function isProgram(name: string): name is Program {
  return Object.hasOwn(PROGRAMS, name);
}

async function build(program: Program): Promise<void> {
  const source = PROGRAMS[program];
  const folder = join(root, programFolder(program));
  const fresh = `${folder}.${process.pid}`;
  await using bundle = await rolldown({
    cwd: root,
    input: { main: join(root, source) },
    platform: "node",
    external: PACKAGES_BESIDE.map((name) => new RegExp(`^${name}(/|$)`)),
    // The AWS SDK's modules, of which what nobody uses is left out, instead of its CommonJS.
    resolve: { mainFields: ["module", "main"] },
    plugins: [sourcesInside(root), packagesInside()],
    experimental: { lazyBarrel: true },
    checks: { commonJsVariableInEsm: false },
    onwarn: ({ message }) => {
      throw new Error(message);
    },
  });
  await bundle.write({
    dir: fresh,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: ({ name }) => (name.startsWith("packages~") ? "packages-[hash].js" : "[name]-[hash].js"),
    // Packages by themselves: their maps are left out, for a process holds every map that it finds.
    codeSplitting: { groups: [{ name: "packages", test: /\/node_modules\//, tags: ["$initial"], entriesAware: true }] },
    sourcemap: true,
    sourcemapExcludeSources: true,
    // Node keeps a text of ASCII in half the memory.
    charset: "ascii",
    comments: false,
  });
  const sources = (await bundle.watchFiles).map((path) => relative(root, path));
  const own = sources.filter((path) => !path.startsWith("node_modules/"));
  writeFileSync(join(fresh, SOURCES_FILE), describeSources(root, own));
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}
