import { InvalidObjectState, type StorageClass } from "@aws-sdk/client-s3";
import { Fault, withStatus } from "../wire/handler.ts";
import {
  checkVersion,
  getBucket,
  getObject,
  type RetrievalSeconds,
  type S3Context,
  type S3Handlers,
} from "./context.ts";
import { invalidArgument, notImplemented } from "./faults.ts";
import { isArchived } from "./headers.ts";
import type { Restoration } from "./object-record.ts";

const DAY_MS = 86_400_000;

export function restoreOperations(context: S3Context): S3Handlers<"RestoreObject"> {
  return {
    async RestoreObject(input, call) {
      const { name } = getBucket(context, input, call);
      checkVersion(input.VersionId);
      const record = getObject(context, name, input.Key ?? "");
      if (!isArchived(record.storageClass)) {
        throw new InvalidObjectState({
          message: "Restore is not allowed for the object's current storage class",
          StorageClass: record.storageClass as StorageClass, // the stored class is one of the model's
          $metadata: {},
        });
      }
      const { Days: days, Tier, GlacierJobParameters, Type } = input.RestoreRequest ?? {};
      if (Type !== undefined) throw notImplemented("SELECT restores");
      if (days === undefined || !Number.isInteger(days) || days < 1)
        throw invalidArgument("Days", String(days), "Days must be a positive integer");
      const now = context.now();
      const state = restorationState(record.restoration, now);
      if (state === "in progress") {
        throw new Fault("RestoreAlreadyInProgress", "Object restore is already in progress", 409);
      }
      if (state === "ready") {
        context.objects.setRestoration(name, record.key, record.restoration?.readyAt ?? now, expiryAfter(now, days));
        return {};
      }
      const readyAt = new Date(
        now.getTime() + retrievalSeconds(context.retrievalSeconds, GlacierJobParameters?.Tier ?? Tier) * 1000,
      );
      context.objects.setRestoration(name, record.key, readyAt, expiryAfter(readyAt, days));
      return withStatus({}, 202);
    },
  };
}

/** S3's x-amz-restore header. https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export function restoreHeader(restoration: Restoration, now: Date): string | undefined {
  switch (restorationState(restoration, now)) {
    case "in progress":
      return 'ongoing-request="true"';
    case "ready":
      return `ongoing-request="false", expiry-date="${restoration.expiresAt.toUTCString()}"`;
    case "none":
      return undefined;
  }
}

export function restorationState(restoration: Restoration | undefined, now: Date): "none" | "in progress" | "ready" {
  if (!restoration || now >= restoration.expiresAt) return "none";
  return now < restoration.readyAt ? "in progress" : "ready";
}

/** S3 rounds up to the next midnight UTC. */
function expiryAfter(from: Date, days: number): Date {
  return new Date(Math.ceil((from.getTime() + days * DAY_MS) / DAY_MS) * DAY_MS);
}

function retrievalSeconds(seconds: RetrievalSeconds, tier: string | undefined): number {
  switch (tier ?? "Standard") {
    case "Expedited":
      return seconds.Expedited;
    case "Standard":
      return seconds.Standard;
    case "Bulk":
      return seconds.Bulk;
    default:
      throw invalidArgument("Tier", String(tier), "The retrieval tier must be Expedited, Standard or Bulk");
  }
}
