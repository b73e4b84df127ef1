import { execFileSync } from "node:child_process";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { CONTENTS } from "./contents.ts";
import { isInProject, readDocuments, withUnits, withWholeDates } from "./read-documents.ts";

const root = join(import.meta.dirname, "../..");
const paths = CONTENTS.flatMap(({ documents }) => documents);
const texts = [...paths, "SECURITY.md", "docs/README.md"].map(
  (path) => [path, readFileSync(join(root, path), "utf8")] as const,
);

it("names every document of docs/ and every README", () => {
  // These two are entrances: the site has contents of its own, and whoever reports a weakness reads it alone.
  const apart = ["SECURITY.md", "docs/README.md", "CHANGELOG.md"];
  const found = globSync(["*.md", "*/README.md", "docs/**/*.md"], {
    cwd: root,
    exclude: ["node_modules", "docs/dist", "docs/site/node_modules"],
  });
  expect([...paths, ...apart].toSorted()).toEqual(found.toSorted());
});

it("leads by each link to a heading or a file that is there", () => {
  const wrong: string[] = [];
  const asked: { from: string; path: string; anchor: string; isDocument: boolean }[] = [];
  const documents = readDocuments(root, {
    prefix: () => "",
    hrefOf: (target) => {
      asked.push(target);
      return undefined;
    },
  }).flatMap((part) => part.documents);
  const headings = new Map(documents.map((document) => [document.path, document.headings.map(({ id }) => id)]));
  for (const { from, path, anchor, isDocument } of asked) {
    const isThere = isInProject(root, path) && (anchor === "" || !isDocument || headings.get(path)?.includes(anchor));
    if (!isThere) wrong.push(`${from}: ${path}${anchor === "" ? "" : `#${anchor}`}`);
  }
  expect(asked.length).toBeGreaterThan(100);
  expect(wrong).toEqual([]);
});

it("shows pictures that are there", () => {
  const wrong = texts.flatMap(([path, text]) =>
    [...text.matchAll(/!\[[^\]]*\]\(([^)]+)\)|(?:src|srcset)="([^"]+)"/g)]
      .map(([, inText, inTag]) => join(path, "..", inText ?? inTag ?? ""))
      .filter((picture) => !existsSync(join(root, picture)))
      .map((picture) => `${path}: ${picture}`),
  );
  expect(wrong).toEqual([]);
});

it("names only commands that there are", () => {
  const scripts = new Set(
    ["package.json", ...readdirSync(root).map((folder) => `${folder}/package.json`)]
      .filter((file) => existsSync(join(root, file)))
      .flatMap((file) => {
        const { scripts: own = {} } = JSON.parse(readFileSync(join(root, file), "utf8")) as {
          scripts?: Record<string, string>;
        };
        return Object.keys(own);
      }),
  );
  const usage = execFileSync(join(root, "start.sh"), ["--help"], { encoding: "utf8" });
  const known = new Set(
    [...usage.matchAll(/^ {2}(\S.*?)(?: {2}| \[)/gm)].flatMap(([, names = ""]) => names.split(/ ?\| ?/)),
  );
  const wrong = texts.flatMap(([path, text]) => [
    ...[...text.matchAll(/npm run (?:-s |--silent )?([a-z][\w:-]*)/g)]
      .filter(([, name = ""]) => !scripts.has(name))
      .map(([command]) => `${path}: ${command}`),
    // As code: in prose a verb may follow the command's name.
    ...[...text.matchAll(/(?:`|^)\.\/start\.sh ([a-z][a-z-]+)/gm)]
      .filter(([, role = ""]) => !known.has(role))
      .map(([command]) => `${path}: ${command}`),
  ]);
  expect(known.size).toBeGreaterThan(5);
  expect(wrong).toEqual([]);
});

it("names only source files that there are", () => {
  const files = globSync(["*", "*/{src,mask-model,site,fonts,stacks}/**", "{start,aws,samples,tests}/**"], {
    cwd: root,
    exclude: (path) => path.endsWith("node_modules"),
  });
  // The course's load generator is not ours; NAME stands for a name.
  const apart = /^gen\.py$|NAME/;
  const wrong = texts.flatMap(([path, text]) =>
    [...text.matchAll(/`(?:\.{1,2}\/)?([\w./-]+\.(?:ts|sh|css|py))`/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !apart.test(name) && !files.some((file) => file === name || file.endsWith(`/${name}`)))
      .map((name) => `${path}: ${name}`),
  );
  expect(files.length).toBeGreaterThan(1_000);
  expect(wrong).toEqual([]);
});

it("keeps a unit on the line of its number", () => {
  expect(withUnits("60 s, 5 min, 0.8 MB and 70 %")).toBe("60\u00a0s, 5\u00a0min, 0.8\u00a0MB and 70\u00a0%");
  expect(withUnits("2 seconds, 3 s3 buckets, 1 % of them")).toBe("2 seconds, 3 s3 buckets, 1\u00a0% of them");
});

it("keeps a date in a narrow column on one line", () => {
  expect(withWholeDates('<td>2026-11-30</td><td style="text-align:right">2026-11-29</td>')).toBe(
    '<td><span class="whole">2026-11-30</span></td><td style="text-align:right"><span class="whole">2026-11-29</span></td>',
  );
  expect(withWholeDates("<td>on 2026-11-30</td>")).toBe("<td>on 2026-11-30</td>");
});
