import type { ServerResponse } from "node:http";
import type { S3Client } from "@aws-sdk/client-s3";
import { HttpError, Overloaded } from "@elastic-gas/shared/web/errors";

/** The SDK keeps 50 connections: nobody who has a place waits for one. */
const MOST = 48;
/** Two browsers with all the connections that they open to one host, and a script. */
const MOST_OF_ONE = 16;
/** A reader who takes nothing for so long is gone, or holds the place on purpose. */
const STALL_MS = 60_000;
const LATER = { remedy: "Try again in 5\u00a0s.", retryAfterSeconds: 5 };

/** Objects that are passed on at the pace of their readers, or read to their end for one page. */
export interface Downloads {
  /** With connections of its own: those who read slowly take none of uploads and pages. */
  readonly s3: S3Client;
  /**
   * Takes a place of this worker until the answer is over, and cuts an answer of which nothing is taken for a minute.
   * Throws HttpError 429 when the user has too many already, Overloaded when all have.
   */
  begin(res: ServerResponse, userId: number): void;
}

export function createDownloads(s3: S3Client, { stallMs = STALL_MS }: { readonly stallMs?: number } = {}): Downloads {
  const underWay = new Map<ServerResponse, number>();
  return {
    s3,
    begin(res, userId) {
      const ofUser = [...underWay.values()].filter((each) => each === userId).length;
      if (ofUser >= MOST_OF_ONE)
        throw new HttpError(429, `You have ${MOST_OF_ONE} downloads under way already.`, LATER);
      if (underWay.size >= MOST) throw new Overloaded("Too many downloads are under way at this moment.", LATER);
      underWay.set(res, userId);
      res.once("close", () => underWay.delete(res));
      res.setTimeout(stallMs, () => res.destroy());
    },
  };
}
