import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { awsActionsOf } from "./aws-calls.ts";

/** The actions of `app/src/main.ts` in a tree of these files. */
function actionsOf(files: Readonly<Record<string, string>>, without: readonly string[] = []): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), "gas-calls-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), source);
  }
  return [...awsActionsOf(root, ["app/src/main.ts"], without)].sort();
}

const S3 = 'import { GetObjectCommand as Get, HeadObjectCommand, DeleteObjectsCommand } from "@aws-sdk/client-s3";\n';
const store = `${S3}
const read = () => new Get({});
export const open = () => read();
export function remove() { return new DeleteObjectsCommand({}); }
export class Store { find() { return new HeadObjectCommand({}); } }
`;

it("follows what is used, through files and declarations, and nothing beside it", () => {
  const main = 'import { open as openObject } from "@elastic-gas/shared/store";\nopenObject();\n';
  expect(actionsOf({ "app/src/main.ts": main, "shared/src/store.ts": store })).toEqual(["s3:GetObject"]);
  const both = 'import * as store from "../../shared/src/store.ts";\nstore.remove();\n';
  expect(actionsOf({ "app/src/main.ts": both, "shared/src/store.ts": store })).toEqual([
    "s3:DeleteObject",
    "s3:GetObject",
  ]);
});

it("follows re-exports, threads, late imports and what a module does when it is loaded", () => {
  const files = {
    "app/src/main.ts":
      'import { remove } from "./again.ts";\nimport "./loaded.ts";\nremove();\nawait import("./late.ts");\n',
    "app/src/again.ts": 'export { remove } from "@elastic-gas/shared/store";\n',
    "app/src/loaded.ts": 'import { paginateListObjectsV2 } from "@aws-sdk/client-s3";\npaginateListObjectsV2();\n',
    "app/src/late.ts": 'export const thread = new URL("./thread.ts", import.meta.url);\n',
    "app/src/thread.ts": 'import { SendEmailCommand } from "@aws-sdk/client-sesv2";\nnew SendEmailCommand({});\n',
    "shared/src/store.ts": store,
  };
  expect(actionsOf(files)).toEqual(["s3:DeleteObject", "s3:ListBucket", "ses:SendEmail"]);
});

it("does not count types, nor folders that it shall not follow", () => {
  const files = {
    "app/src/main.ts":
      'import type { GetObjectCommand } from "@aws-sdk/client-s3";\nimport { play } from "@elastic-gas/toy/play";\nplay();\nexport type Call = GetObjectCommand;\n',
    "toy/src/play.ts":
      'import { SendMessageCommand } from "@aws-sdk/client-sqs";\nexport const play = () => new SendMessageCommand({});\n',
  };
  expect(actionsOf(files, ["toy"])).toEqual([]);
  expect(actionsOf(files)).toEqual(["sqs:SendMessage"]);
});

it("knows the calls that the SDK's helpers make, and what a missing object asks for", () => {
  const main = `import { Upload } from "@aws-sdk/lib-storage";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
new Upload({});
export const form = () => createPresignedPost({ Fields: { acl: "private" } });
export const isGone = (error) => error.name === "NoSuchKey";
`;
  expect(actionsOf({ "app/src/main.ts": main })).toEqual([
    "s3:AbortMultipartUpload",
    "s3:ListBucket",
    "s3:PutObject",
    "s3:PutObjectAcl",
  ]);
});
