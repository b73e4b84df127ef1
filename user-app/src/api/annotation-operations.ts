import type { ApiOperation } from "@elastic-gas/shared/web/openapi";
import { z } from "zod";
import {
  ApiJob,
  ApiJobWithSummary,
  ApiList,
  ApiSubmitted,
  ApiUpload,
  JobParams,
  ListQuery,
  ResultQuery,
  SubmitQuery,
  SubmitUploaded,
  UploadBody,
} from "./annotation-schemas.ts";

/**
 * Every operation of /api/v1: routes and document are both made from this table, so neither has what the other lacks.
 */
export const OPERATIONS = [
  {
    method: "get",
    path: "/openapi.json",
    id: "getDocument",
    summary: "This document",
    status: 200,
    answer: z.looseObject({ openapi: z.string() }),
    isOpen: true,
  },
  {
    method: "post",
    path: "/annotations",
    id: "submit",
    summary:
      "Annotate a file: as the raw body with `?filename=`, as the part `file` of a form, or one that was uploaded before, by its `key`. The same Idempotency-Key means the same job",
    query: SubmitQuery,
    body: SubmitUploaded,
    takesFile: true,
    status: 202,
    answer: ApiSubmitted,
  },
  {
    method: "post",
    path: "/uploads",
    id: "createUpload",
    summary: "The first of two steps for a large file: a form for the storage, to be sent within 60 s",
    body: UploadBody,
    status: 201,
    answer: ApiUpload,
  },
  {
    method: "get",
    path: "/annotations",
    id: "list",
    summary: "Your annotations, newest first, 50 at a time",
    query: ListQuery,
    status: 200,
    answer: ApiList,
  },
  {
    method: "get",
    path: "/annotations/{id}",
    id: "getStatus",
    summary: "One annotation: status, progress, and what was found",
    params: JobParams,
    status: 200,
    answer: ApiJobWithSummary,
  },
  {
    method: "get",
    path: "/annotations/{id}/result",
    id: "getResult",
    summary:
      "The annotated VCF: redirects to a signed address that holds for a minute. In another format: 200 with the file",
    params: JobParams,
    query: ResultQuery,
    status: 302,
  },
  {
    method: "get",
    path: "/annotations/{id}/log",
    id: "getLog",
    summary:
      "The count log, of one above 1 MB its start. While the job runs, its log so far, whose first line begins with `# Not finished`; of one that failed or was cancelled, its log as far as it came, of which it keeps the last 16 KB, with the reason at its end. The header X-Log-State says which: `whole`, `start` or `unfinished`",
    params: JobParams,
    status: 200,
    answer: "text",
  },
  {
    method: "post",
    path: "/annotations/{id}/cancel",
    id: "cancel",
    summary: "End an annotation that waits or runs; 409 when it is finished",
    params: JobParams,
    status: 200,
    answer: ApiJob,
  },
  {
    method: "delete",
    path: "/annotations/{id}",
    id: "remove",
    summary: "Delete an annotation with input, result, log and archive",
    params: JobParams,
    status: 204,
  },
] as const satisfies readonly ApiOperation[];

export type OperationId = (typeof OPERATIONS)[number]["id"];
