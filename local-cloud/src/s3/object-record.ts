import { z } from "zod";
import { CHECKSUM_ALGORITHMS } from "../wire/body/checksum.ts";

export const StoredChecksum = z.object({
  algorithm: z.enum(CHECKSUM_ALGORITHMS),
  /** Base64; composite ones end in `-<parts>`. */
  value: z.string(),
  type: z.enum(["FULL_OBJECT", "COMPOSITE"]),
});
export type StoredChecksum = z.infer<typeof StoredChecksum>;

/** Headers that S3 keeps with an object and gives back as they were. */
export const ObjectHeaders = z.object({
  contentType: z.string().optional(),
  cacheControl: z.string().optional(),
  contentDisposition: z.string().optional(),
  contentEncoding: z.string().optional(),
  contentLanguage: z.string().optional(),
  expires: z.string().optional(),
  websiteRedirectLocation: z.string().optional(),
  metadata: z.record(z.string(), z.string()),
});
export type ObjectHeaders = z.infer<typeof ObjectHeaders>;

/** One file on disk that holds a piece of an object; objects uploaded in parts have one for each part. */
export const Segment = z.object({
  blob: z.string(),
  sizeBytes: z.number(),
  /** Base64 checksum of the part, where it had one. */
  checksum: z.string().optional(),
});
export type Segment = z.infer<typeof Segment>;

export const Tag = z.object({ key: z.string(), value: z.string() });
export type Tag = z.infer<typeof Tag>;

/** The JSON column of an object's row. */
export const ObjectFacts = z.object({
  headers: ObjectHeaders,
  segments: z.array(Segment),
  checksum: StoredChecksum.optional(),
  /** Number of parts of an object that was uploaded in parts; its segments are these parts. */
  partsCount: z.number().optional(),
  /** Absent when there are none. */
  tags: z.array(Tag).optional(),
});
export type ObjectFacts = z.infer<typeof ObjectFacts>;

/** A copy of an archived object that is being fetched, or is there until it expires. */
export interface Restoration {
  readonly readyAt: Date;
  readonly expiresAt: Date;
}

export interface ObjectRecord {
  readonly bucket: string;
  readonly key: string;
  readonly sizeBytes: number;
  /** Hex, without the quotes that stand around it on the wire. */
  readonly etag: string;
  readonly modifiedAt: Date;
  readonly storageClass: string;
  readonly facts: ObjectFacts;
  readonly restoration: Restoration | undefined;
}

export function quoted(etag: string): string {
  return `"${etag}"`;
}
