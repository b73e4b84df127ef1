import { readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { parseSync } from "oxc-parser";

/** One file of the project and the project's files that it needs, both as paths from the root. */
export interface Module {
  readonly path: string;
  readonly imports: readonly string[];
}

/**
 * Reads what each file imports: types too, by package name or by relative path, and files that it names in a string
 * such as a worker's script.
 */
export function readModules(root: string, paths: readonly string[]): readonly Module[] {
  return paths.map((path) => {
    const source = readFileSync(join(root, path), "utf8");
    const imports = [...specifiersIn(path, source)].flatMap((specifier) => resolveFile(root, path, specifier) ?? []);
    return { path, imports: [...new Set(imports)] };
  });
}

function specifiersIn(path: string, source: string): ReadonlySet<string> {
  const { module, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path} could not be parsed: ${errors[0]?.message}`);
  const found = new Set(module.staticImports.map((entry) => entry.moduleRequest.value));
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest } of entries) if (moduleRequest !== null) found.add(moduleRequest.value);
  }
  // Dynamic imports and scripts that are started as processes are strings; one that names no file is no import.
  for (const [, text = ""] of source.matchAll(/["'`]((?:\.{1,2}\/|@elastic-gas\/)[^"'`\n]+)["'`]/g)) found.add(text);
  return found;
}

/** The project's file behind a specifier; undefined for npm packages and for strings that name no file. */
function resolveFile(root: string, from: string, specifier: string): string | undefined {
  const [scope, workspace, ...rest] = specifier.split("/");
  const path =
    scope === "@elastic-gas" ? `${workspace}/src/${rest.join("/")}.ts` : normalize(join(dirname(from), specifier));
  if (!specifier.startsWith(".") && scope !== "@elastic-gas") return undefined;
  return !path.startsWith("..") &&
    path.endsWith(".ts") &&
    statSync(join(root, path), { throwIfNoEntry: false })?.isFile()
    ? path
    : undefined;
}
