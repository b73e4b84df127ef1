/** What a request demands of the object that is there. */
export interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: Date | undefined;
  readonly ifUnmodifiedSince?: Date | undefined;
}

export interface Existing {
  readonly etag: string;
  readonly modifiedAt: Date;
}

export type Verdict =
  | "proceed"
  | "not modified"
  | { readonly failed: "If-Match" | "If-None-Match" | "If-Unmodified-Since" };

/** Whether a read goes on. https://datatracker.ietf.org/doc/html/rfc9110#section-13.2.2 */
export function checkRead(
  { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince }: Conditions,
  object: Existing,
): Verdict {
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) return { failed: "If-Match" };
  } else if (ifUnmodifiedSince !== undefined && wholeSeconds(object.modifiedAt) > wholeSeconds(ifUnmodifiedSince)) {
    return { failed: "If-Unmodified-Since" };
  }
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, object.etag) ? "not modified" : "proceed";
  if (ifModifiedSince !== undefined && wholeSeconds(object.modifiedAt) <= wholeSeconds(ifModifiedSince))
    return "not modified";
  return "proceed";
}

/** Whether a write may replace what is there. S3 knows `If-None-Match: *` and `If-Match: <etag>` here. */
export function checkWrite(
  { ifMatch, ifNoneMatch }: Conditions,
  object: Existing | undefined,
): Verdict | "no such key" {
  if (ifNoneMatch !== undefined && object && matches(ifNoneMatch, object.etag)) return { failed: "If-None-Match" };
  if (ifMatch === undefined) return "proceed";
  if (!object) return "no such key";
  return matches(ifMatch, object.etag) ? "proceed" : { failed: "If-Match" };
}

function matches(header: string, etag: string): boolean {
  return header.split(",").some((part) => {
    const given = part
      .trim()
      .replace(/^W\//, "")
      .replace(/^"(.*)"$/, "$1");
    return given === "*" || given === etag;
  });
}

/** HTTP dates have no fractions. */
function wholeSeconds(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
