import { readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { parseSync } from "oxc-parser";

/** IAM's name of a client's service where it is not the client's own. */
const SERVICES: Readonly<Record<string, string>> = {
  "client-elastic-load-balancing-v2": "elasticloadbalancing",
  "client-secrets-manager": "secretsmanager",
  "client-sesv2": "ses",
};
/**
 * The actions that a call needs where they are not `<service>:<Call>`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html, "Permissions" of each;
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
 */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  "s3:HeadObject": ["s3:GetObject"],
  "s3:DeleteObjects": ["s3:DeleteObject"],
  "s3:ListObjectsV2": ["s3:ListBucket"],
  "s3:ListMultipartUploads": ["s3:ListBucketMultipartUploads"],
  "sqs:SendMessageBatch": ["sqs:SendMessage"],
  // Our launches tag the instance and give it a role.
  "ec2:RunInstances": ["ec2:RunInstances", "ec2:CreateTags", "iam:PassRole"],
};
/**
 * Helpers of the SDK that call by themselves: `Upload` sends large files in parts and takes them back when it fails.
 */
const HELPERS: Readonly<Record<string, readonly string[]>> = {
  "lib-storage:Upload": ["s3:PutObject", "s3:AbortMultipartUpload"],
  "s3-presigned-post:createPresignedPost": ["s3:PutObject"],
};
/**
 * Who reacts to these must be told of a missing object: S3 tells that only to those who may list, and 403 to the
 * others.
 */
const MISSING_OBJECT: ReadonlySet<string> = new Set(["NoSuchKey", "NotFound"]);

/** A top-level statement: the names that it declares, and all that stand in it. */
interface Piece {
  readonly declares: readonly string[];
  readonly names: ReadonlySet<string>;
  readonly texts: ReadonlySet<string>;
}

interface Source {
  readonly pieces: readonly Piece[];
  /** By the local name: the module and the name that it has there; `*` is all of it. */
  readonly imports: ReadonlyMap<string, { readonly from: string; readonly name: string }>;
  /** Exports under another name, and those of other modules. */
  readonly exports: ReadonlyMap<string, { readonly from: string | undefined; readonly name: string }>;
  readonly loaded: readonly string[];
}

/**
 * The IAM actions of all AWS calls that programs can make, by following what they use from their entries: declaration
 * by declaration, so that a module's other functions do not count. Folders in `without` are not followed.
 */
export function awsActionsOf(
  root: string,
  entries: readonly string[],
  without: readonly string[] = [],
): ReadonlySet<string> {
  const sources = new Map<string, Source>();
  const reached = new Set<string>();
  const actions = new Set<string>();

  const load = (path: string): Source => {
    const known = sources.get(path);
    if (known !== undefined) return known;
    const source = readSource(path, readFileSync(join(root, path), "utf8"));
    sources.set(path, source);
    for (const piece of source.pieces) if (piece.declares.length === 0) use(path, piece);
    for (const specifier of source.loaded) {
      const file = resolveFile(specifier, path);
      if (file !== undefined) load(file);
    }
    return source;
  };
  const reach = (path: string, name: string): void => {
    if (reached.has(`${path} ${name}`)) return;
    reached.add(`${path} ${name}`);
    const source = load(path);
    const renamed = source.exports.get(name);
    if (renamed?.from !== undefined) reachImported(path, renamed.from, renamed.name);
    else if (renamed !== undefined && renamed.name !== name) reach(path, renamed.name);
    for (const piece of source.pieces) if (name === "*" || piece.declares.includes(name)) use(path, piece);
  };
  const reachImported = (path: string, from: string, name: string): void => {
    const file = resolveFile(from, path);
    if (file !== undefined) reach(file, name);
  };
  const use = (path: string, piece: Piece): void => {
    const source = load(path);
    for (const name of piece.names) {
      const imported = source.imports.get(name);
      if (imported?.from.startsWith("@aws-sdk/"))
        for (const action of actionsOf(imported.from.slice("@aws-sdk/".length), imported.name)) actions.add(action);
      else if (imported !== undefined) reachImported(path, imported.from, imported.name);
      else if (source.pieces.some(({ declares }) => declares.includes(name))) reach(path, name);
    }
    for (const text of piece.texts) {
      if (MISSING_OBJECT.has(text)) actions.add("s3:ListBucket");
      // Scripts of threads and modules that are imported when needed.
      else if (/^\.{1,2}\/.*\.ts$/.test(text)) reachImported(path, text, "*");
    }
    // S3 asks for this right too when a form names an ACL.
    if (piece.names.has("createPresignedPost") && piece.names.has("acl")) actions.add("s3:PutObjectAcl");
  };
  const resolveFile = (specifier: string, from: string): string | undefined => {
    const [scope, workspace = "", ...rest] = specifier.split("/");
    const path =
      scope === "@elastic-gas" ? `${workspace}/src/${rest.join("/")}.ts` : normalize(join(dirname(from), specifier));
    if (scope !== "@elastic-gas" && !specifier.startsWith(".")) return undefined;
    if (without.some((folder) => path.startsWith(`${folder}/`))) return undefined;
    return statSync(join(root, path), { throwIfNoEntry: false })?.isFile() ? path : undefined;
  };

  for (const entry of entries) reach(entry, "*");
  return actions;
}

function actionsOf(client: string, name: string): readonly string[] {
  const helper = HELPERS[`${client}:${name}`];
  if (helper !== undefined) return helper;
  if (client === "client-s3" && MISSING_OBJECT.has(name)) return ["s3:ListBucket"];
  const call = /^(\w+)Command$/.exec(name)?.[1] ?? /^paginate(\w+)$/.exec(name)?.[1];
  if (call === undefined) return [];
  const action = `${SERVICES[client] ?? client.replace(/^client-/, "")}:${call}`;
  return ACTIONS[action] ?? [action];
}

function readSource(path: string, text: string): Source {
  const { program, module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} could not be parsed: ${errors[0]?.message}`);
  const imports = new Map<string, { from: string; name: string }>();
  const exports = new Map<string, { from: string | undefined; name: string }>();
  const loaded: string[] = [];
  for (const { moduleRequest, entries } of module.staticImports) {
    const values = entries.filter(({ isType }) => !isType);
    for (const { localName, importName } of values)
      imports.set(localName.value, { from: moduleRequest.value, name: importName.name ?? "*" });
    if (values.length > 0 || entries.length === 0) loaded.push(moduleRequest.value);
  }
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest, exportName, importName, localName, isType } of entries) {
      const name = exportName.name;
      if (isType || name === null) continue;
      exports.set(name, { from: moduleRequest?.value, name: importName.name ?? localName.name ?? "*" });
    }
  }
  const pieces = program.body.filter(({ type }) => type !== "ImportDeclaration").map(readPiece);
  return { pieces, imports, exports, loaded };
}

function readPiece(statement: object): Piece {
  const names = new Set<string>();
  const texts = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if ("type" in node && "name" in node && node.type === "Identifier") names.add(String(node.name));
    if ("type" in node && "value" in node && node.type === "Literal") texts.add(String(node.value));
    for (const part of Object.values(node)) visit(part);
  };
  visit(statement);
  return { declares: declaredBy(statement), names, texts };
}

/** The names that a statement declares; none for one that runs when its module is loaded. */
function declaredBy(statement: object): readonly string[] {
  const declaration = "declaration" in statement && statement.declaration ? Object(statement.declaration) : statement;
  if (typeof declaration.id?.name === "string") return [declaration.id.name];
  const declarators: readonly { readonly id: object }[] = declaration.declarations ?? [];
  return declarators.flatMap(({ id }) => [...readPiece({ type: "", part: id }).names]);
}
