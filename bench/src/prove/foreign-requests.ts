import type { RunningSystem } from "@elastic-gas/testing/system/system";
import type { VcfUser } from "./vcf-user.ts";

/** A job that belongs to somebody else than who asks. */
export interface ForeignJob {
  readonly id: string;
  readonly inputKey: string;
  readonly resultKey: string | null;
  readonly logKey: string | null;
}

/** One request about a job of somebody else. */
export interface ForeignRequest {
  /** Pages go with the asker's session, API calls with the asker's token, and "S3" without a signature. */
  readonly by: "page" | "API" | "S3";
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly fields?: Readonly<Record<string, string>>;
}

const FORMATS = ["vcf.gz", "vcf.gz.tbi", "tsv", "csv"] as const;

/** Everything that can be asked about a job. */
export function foreignRequests(
  { id, inputKey, resultKey, logKey }: ForeignJob,
  buckets: { readonly inputs: string; readonly results: string },
): readonly ForeignRequest[] {
  const page = `/annotations/${id}`;
  const api = `/api/v1/annotations/${id}`;
  const upload = new URLSearchParams({ bucket: buckets.inputs, key: inputKey });
  const get = (by: ForeignRequest["by"], path: string): ForeignRequest => ({ by, method: "GET", path });
  const post = (path: string, fields = {}): ForeignRequest => ({ by: "page", method: "POST", path, fields });
  return [
    ...["", "/state", "/result", "/records", "/input", "/log"].map((rest) => get("page", `${page}${rest}`)),
    ...FORMATS.map((format) => get("page", `${page}/result/${format}`)),
    get("page", `/annotate/job?${upload}`),
    ...["/link", "/cancel", "/delete", "/input/delete", "/run-again", "/annotate-again"].map((rest) =>
      post(`${page}${rest}`),
    ),
    post("/annotations/delete", { job: id }),
    ...["", "/result", "/log", ...FORMATS.map((format) => `/result?format=${format}`)].map((rest) =>
      get("API", `${api}${rest}`),
    ),
    { by: "API", method: "POST", path: `${api}/cancel` },
    { by: "API", method: "DELETE", path: api },
    { by: "API", method: "POST", path: "/api/v1/annotations", fields: { key: inputKey } },
    get("S3", `/${buckets.inputs}/${inputKey}`),
    ...[resultKey, logKey].flatMap((key) => (key === null ? [] : [get("S3", `/${buckets.results}/${key}`)])),
  ];
}

export interface ForeignAnswer {
  readonly request: Pick<ForeignRequest, "by" | "method" | "path">;
  /** Null: no answer came. */
  readonly status: number | null;
}

/** By any answer but a refusal. Deleting several at once passes over what is not one's own: jobs are counted later. */
export function isLetIn({ request, status }: ForeignAnswer): boolean {
  if (request.path === "/annotations/delete" && status === 303) return false;
  return status !== null && status !== 403 && status !== 404;
}

type Asker = Pick<VcfUser, "browser"> & { readonly token: string };

export async function sendForeign(
  system: RunningSystem,
  asker: Asker,
  request: ForeignRequest,
): Promise<ForeignAnswer> {
  return { request, status: await statusOf(system, asker, request).catch(() => null) };
}

async function statusOf(
  system: RunningSystem,
  { browser, token }: Asker,
  { by, method, path, fields = {} }: ForeignRequest,
): Promise<number> {
  if (by === "page") {
    const answer = method === "GET" ? browser.get(path) : browser.submit(path, fields);
    return (await answer).status;
  }
  const hasBody = Object.keys(fields).length > 0;
  const response = await fetch(`${by === "API" ? system.userAppUrl : system.cloudUrl}${path}`, {
    method,
    redirect: "manual",
    headers: {
      ...(by === "API" ? { authorization: `Bearer ${token}` } : {}),
      ...(hasBody ? { "content-type": "application/json" } : {}),
    },
    ...(hasBody ? { body: JSON.stringify(fields) } : {}),
    signal: AbortSignal.timeout(90_000),
  });
  await response.body?.cancel();
  return response.status;
}
