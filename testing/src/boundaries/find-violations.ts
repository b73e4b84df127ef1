import { ALLOWED, LAYERS, TEST_WORKSPACES } from "./allowed.ts";
import type { Module } from "./read-imports.ts";

/**
 * Every import across a boundary, every cycle between folders and every file that nothing uses, as sentences; empty
 * when the structure holds. `commands` are the texts that start programs: package.json files and shell scripts.
 */
export function findViolations(modules: readonly Module[], commands: readonly string[]): readonly string[] {
  const product = modules.filter(({ path }) => ALLOWED[workspaceOf(path)] !== undefined && !isTest(path));
  return [
    ...product.flatMap(forbiddenImports),
    ...product.flatMap(upwardImports),
    ...benchImports(modules),
    ...folderCycles(product),
    ...unusedFiles(modules, commands),
  ];
}

/** Entry points are named in a command, or are such by their name: a page's script, a tool's configuration. */
function unusedFiles(modules: readonly Module[], commands: readonly string[]): readonly string[] {
  const used = new Set(modules.flatMap(({ imports }) => imports));
  return modules
    .map(({ path }) => path)
    .filter((path) => !used.has(path) && !ENTRY_POINT.test(path))
    .filter((path) => {
      const inWorkspace = path.slice(path.indexOf("/") + 1);
      const besideScript = `$here/${path.slice(path.lastIndexOf("/") + 1)}`;
      return !commands.some((text) => [path, ` ${inWorkspace}`, besideScript].some((name) => text.includes(name)));
    })
    .map((path) => `${path} is used by nothing.`);
}

const ENTRY_POINT =
  /\.(test|fixture)\.ts$|\.config\.ts$|(^|[/-])main\.ts$|^(manager|user-app)\/src\/[a-z]+\/theme\.ts$/;

function forbiddenImports({ path, imports }: Module): readonly string[] {
  const own = workspaceOf(path);
  const allowed = [own, ...(ALLOWED[own] ?? [])];
  return imports
    .filter((target) => !allowed.includes(workspaceOf(target)) || isTest(target))
    .map((target) => `${path} imports ${target}: ${own} may import ${describe(ALLOWED[own] ?? [])}.`);
}

function upwardImports({ path, imports }: Module): readonly string[] {
  const own = layerOf(path);
  if (own === undefined) return [];
  const layers = LAYERS[workspaceOf(path)] ?? [];
  return imports.flatMap((target) => {
    const other = workspaceOf(target) === workspaceOf(path) ? layerOf(target) : undefined;
    if (other === undefined || layers.indexOf(other) <= layers.indexOf(own)) return [];
    return [`${path} imports ${target}: the layers are ${layers.join(" < ")}, and a lower one uses no higher one.`];
  });
}

function layerOf(path: string): string | undefined {
  const folder = path.split("/")[2];
  return LAYERS[workspaceOf(path)]?.find((layer) => layer === folder);
}

function benchImports(modules: readonly Module[]): readonly string[] {
  return modules
    .filter(({ path }) => workspaceOf(path) === "testing" || (isTest(path) && workspaceOf(path) !== "bench"))
    .flatMap(({ path, imports }) =>
      imports
        .filter((target) => workspaceOf(target) === "bench")
        .map(
          (target) => `${path} imports ${target}: test environments belong in testing/, bench/ is imported by nothing.`,
        ),
    );
}

/**
 * Folders beside each other that need each other, directly or through others. Of an import only the first folders that
 * differ count, so each level of the tree is judged by itself.
 */
function folderCycles(modules: readonly Module[]): readonly string[] {
  const levels = new Map<string, Map<string, Map<string, string>>>();
  for (const { path, imports } of modules) {
    for (const target of imports) {
      const [parent, from, to] = split(path, target);
      if (from === to || from.endsWith(".ts") || to.endsWith(".ts")) continue;
      const level = levels.get(parent) ?? new Map<string, Map<string, string>>();
      const edges = level.get(from) ?? new Map<string, string>();
      edges.set(to, edges.get(to) ?? `${path} imports ${target}`);
      level.set(from, edges);
      levels.set(parent, level);
    }
  }
  return [...levels].flatMap(([parent, level]) =>
    [...level.keys()].flatMap((start) => {
      const cycle = shortestCycle(level, start);
      // Each cycle is told once, from its first folder in the order of the alphabet.
      if (cycle === undefined || cycle.some((folder) => folder < start)) return [];
      const steps = cycle.map((folder, index) => level.get(folder)?.get(cycle[index + 1] ?? start) ?? "");
      return [`${parent}: the folders ${[...cycle, start].join(" -> ")} need each other:\n    ${steps.join("\n    ")}`];
    }),
  );
}

function shortestCycle(level: ReadonlyMap<string, ReadonlyMap<string, string>>, start: string): string[] | undefined {
  const queue: string[][] = [[start]];
  const seen = new Set<string>();
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    for (const next of level.get(path.at(-1) ?? start)?.keys() ?? []) {
      if (next === start) return path;
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push([...path, next]);
    }
  }
  return undefined;
}

/** Their common folder, and what of each path follows it first. */
function split(a: string, b: string): readonly [string, string, string] {
  const [left, right] = [a.split("/"), b.split("/")];
  let depth = 0;
  while (depth < left.length - 1 && depth < right.length - 1 && left[depth] === right[depth]) depth += 1;
  return [left.slice(0, depth).join("/"), left[depth] ?? "", right[depth] ?? ""];
}

function workspaceOf(path: string): string {
  return path.slice(0, path.indexOf("/"));
}

function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || TEST_WORKSPACES.includes(workspaceOf(path));
}

function describe(allowed: readonly string[]): string {
  return allowed.length === 0 ? "no other workspace" : `only ${allowed.join(", ")}`;
}
