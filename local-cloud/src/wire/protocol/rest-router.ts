import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "../handler.ts";
import type { Model, Operation } from "../model.ts";
import type { Parameters } from "./protocol.ts";

export interface Route {
  readonly operation: Operation;
  /** Path labels by member name, percent-decoded. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface RoutableRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Parameters;
  readonly headers: IncomingHttpHeaders;
}

interface Candidate {
  readonly operation: Operation;
  readonly staticQuery: readonly (readonly [string, string])[];
  readonly requiredQuery: readonly string[];
  readonly acceptedQuery: ReadonlySet<string>;
  readonly needsCopySource: boolean;
  readonly specificity: number;
}

interface Template {
  readonly pattern: RegExp;
  readonly labelNames: readonly string[];
  readonly literalLength: number;
  readonly candidates: Candidate[];
}

const COPY_SOURCE = "x-amz-copy-source";
// Reached over hosts of their own on AWS, with paths that here would look like a bucket or like ListBuckets.
const FOREIGN_OPERATIONS: ReadonlySet<string> = new Set(["WriteGetObjectResponse", "ListDirectoryBuckets"]);

/** Finds the operation of a REST request by method, raw path, query and, for copies, the copy source. */
export class RestRouter {
  readonly #templatesByMethod = new Map<string, Template[]>();
  // Query names that choose between operations: one that the chosen operation does not know must never be ignored.
  readonly #discriminators = new Set<string>();

  constructor(model: Model) {
    for (const operation of model.operations.values()) {
      if (operation.http && !FOREIGN_OPERATIONS.has(operation.name)) this.#add(operation, operation.http);
    }
    for (const templates of this.#templatesByMethod.values())
      templates.sort((a, b) => b.literalLength - a.literalLength);
  }

  /**
   * Throws `NotImplemented` when the model knows no such operation. A more specific route never falls back to a general
   * one.
   */
  route(request: RoutableRequest): Route {
    const names = new Set(request.query.map(([name]) => name));
    for (const template of this.#templatesByMethod.get(request.method) ?? []) {
      const match = template.pattern.exec(request.path);
      if (!match) continue;
      const candidate = template.candidates.find((each) => isMatch(each, request, names));
      if (!candidate) continue;
      if ([...names].some((name) => this.#discriminators.has(name) && !candidate.acceptedQuery.has(name))) break;
      return { operation: candidate.operation, labels: readLabels(template.labelNames, match) };
    }
    throw new Fault(
      "NotImplemented",
      "A parameter or path you provided implies functionality that is not implemented.",
      501,
    );
  }

  #add(operation: Operation, http: NonNullable<Operation["http"]>): void {
    const members = operation.input.members;
    // S3's templates leave the bucket to the endpoint rules.
    const bucket =
      members.some(({ name, traits }) => name === "Bucket" && traits.httpLabel) && !http.path.includes("{Bucket}");
    const path = bucket ? `/{Bucket}${http.path}` : http.path;
    const queryNames = members.flatMap(({ traits, required }) =>
      traits.httpQuery === undefined ? [] : [{ name: traits.httpQuery, required }],
    );
    const requiredQuery = queryNames.filter(({ required }) => required).map(({ name }) => name);
    const needsCopySource = members.some(({ traits, required }) => required && traits.httpHeader === COPY_SOURCE);
    for (const name of [...http.query.map(([key]) => key), ...requiredQuery]) this.#discriminators.add(name);
    const template = this.#template(http.method, path);
    template.candidates.push({
      operation,
      staticQuery: http.query,
      requiredQuery,
      acceptedQuery: new Set([...http.query.map(([key]) => key), ...queryNames.map(({ name }) => name)]),
      needsCopySource,
      specificity: http.query.length * 4 + requiredQuery.length * 2 + (needsCopySource ? 1 : 0),
    });
    template.candidates.sort((a, b) => b.specificity - a.specificity);
  }

  #template(method: string, path: string): Template {
    const templates = this.#templatesByMethod.get(method) ?? [];
    this.#templatesByMethod.set(method, templates);
    const compiled = compileTemplate(path);
    const known = templates.find(({ pattern }) => pattern.source === compiled.pattern.source);
    if (known) return known;
    templates.push(compiled);
    return compiled;
  }
}

function isMatch(candidate: Candidate, request: RoutableRequest, names: ReadonlySet<string>): boolean {
  return (
    candidate.requiredQuery.every((name) => names.has(name)) &&
    candidate.staticQuery.every(([name, value]) =>
      value === "" ? names.has(name) : request.query.some(([given, text]) => given === name && text === value),
    ) &&
    (!candidate.needsCopySource || request.headers[COPY_SOURCE] !== undefined)
  );
}

function compileTemplate(path: string): Template {
  const labelNames: string[] = [];
  const source = path.replace(/\/+$/, "").replace(/[.*?^$()|[\]\\]|\{(\w+)(\+?)\}/g, (whole, label, greedy) => {
    if (label === undefined) return `\\${whole}`;
    labelNames.push(label);
    return greedy ? "(.+)" : "([^/]+)";
  });
  const literalLength = path.replace(/\{\w+\+?\}/g, "").length;
  // A greedy label keeps its trailing slash: it is part of an object's key.
  return {
    pattern: new RegExp(`^${source}${source.endsWith("(.+)") ? "" : "/?"}$`, "s"),
    labelNames,
    literalLength,
    candidates: [],
  };
}

function readLabels(names: readonly string[], match: RegExpExecArray): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, decodeLabel(match[index + 1] ?? "")]));
}

function decodeLabel(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Fault("InvalidURI", "Couldn't parse the specified URI.");
  }
}
