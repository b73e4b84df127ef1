import { dirname, join, relative } from "node:path";
import type { Plugin } from "rolldown";

/** `new URL("./file.ts", import.meta.url)`: another program or thread. */
const STARTED = /new URL\("(\.[^"]+)\.ts", import\.meta\.url\)/g;
/** Where packages are looked for from: the same for a program as for its sources. */
const PACKAGES = /createRequire\(import\.meta\.url\)/g;
/** A path to a source, which a program does not have beside it. */
const PATH_OF_SOURCE = /import\.meta\.dirname[^;\n]*\.ts["'`]/;

/**
 * What our sources find from their own place they find from the program's, which lies two folders below the root as
 * `dist/NAME/FILE.js`: files by `import.meta.dirname`, and what they start by `new URL("./file.ts", import.meta.url)`,
 * which becomes a file of the program. Any other use of `import.meta` ends the build.
 */
export function sourcesInside(root: string): Plugin {
  return {
    name: "sources-inside",
    transform: {
      filter: { id: { include: /\.ts$/, exclude: /\/node_modules\// }, code: /import\.meta/ },
      handler(code, id) {
        const path = relative(root, id);
        const folder = dirname(path);
        const unknown = code.replaceAll(STARTED, "").replaceAll(PACKAGES, "").replaceAll("import.meta.dirname", "");
        if (unknown.includes("import.meta") || PATH_OF_SOURCE.test(code)) {
          throw new Error(
            `${path} would not find in its program what it finds by import.meta. It reads files by join(import.meta.dirname, ...) and starts others by new URL("./file.ts", import.meta.url).`,
          );
        }
        return {
          code: code
            .replaceAll(STARTED, (_, started: string) => {
              const file = join(folder, started);
              const fileName = `${fileNameOf(file)}.js`;
              this.emitFile({ type: "chunk", id: join(root, `${file}.ts`), fileName });
              return `new URL("./${fileName}", import.meta.url)`;
            })
            .replaceAll("import.meta.dirname", `(import.meta.dirname + ${JSON.stringify(`/../../${folder}`)})`),
          map: null, // no line moves
        };
      },
    },
  };
}

/** `user-app/src/masks/detector/worker` as `masks-detector-worker`. */
function fileNameOf(source: string): string {
  return source.replace(/^[^/]+\/src\//, "").replaceAll("/", "-");
}

/** These look for files of their own only where we do not use them, as pino's transports and Socket.IO's client. */
const FILES_UNUSED = /\/node_modules\/(?:pino|thread-stream|socket\.io|undici)\//;

/** Ends the build for a package that looks for files of its own; files of packages alone get no source map. */
export function packagesInside(): Plugin {
  return {
    name: "packages-inside",
    generateBundle(_options, files) {
      for (const file of Object.values(files)) {
        if (file.type !== "chunk" || file.moduleIds.some((id) => !id.includes("/node_modules/"))) continue;
        delete files[`${file.fileName}.map`];
      }
    },
    transform: {
      filter: { id: { include: /\/node_modules\//, exclude: FILES_UNUSED }, code: /\b__(?:dirname|filename)\b/ },
      handler(_code, id) {
        throw new Error(`${id} looks for files from its own place: name its package in PACKAGES_BESIDE.`);
      },
    },
  };
}
