import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { rolldown } from "rolldown";
import { packagesInside, sourcesInside } from "./bundler-plugins.ts";
import { describeSources, PACKAGES_BESIDE, SOURCES_FILE } from "./programs.ts";

/**
 * Builds one program from the source that it begins with, as `main.js` of a folder that lies two below the root. Both
 * are told from the root.
 */
export async function buildProgram(
  root: string,
  { source, folder: path }: { readonly source: string; readonly folder: string },
): Promise<void> {
  const folder = join(root, path);
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
