import type { S3Client } from "@aws-sdk/client-s3";
import type { Config } from "@elastic-gas/shared/config";
import type { Logger } from "@elastic-gas/shared/logger";
import type { Resources } from "@elastic-gas/shared/resources";
import { type MaskDetector, startMaskDetector } from "./detector/mask-detector.ts";
import { createPhotoFetcher, type FetchPhoto } from "./fetching/fetch-photo.ts";
import { locateModel } from "./model/model-file.ts";
import type { PhotoBucket } from "./photo-store.ts";

/** What the mask pages and the TA API share. */
export interface Masks {
  readonly photos: PhotoBucket;
  /** `close()` it when the process ends, after the server. */
  readonly detector: MaskDetector;
  readonly fetchPhoto: FetchPhoto;
}

export interface MasksOptions {
  readonly config: Pick<Config, "MASK_MODEL" | "DATA_DIR">;
  readonly resources: Resources;
  readonly s3: S3Client;
  readonly log: Logger;
}

/** Starts loading (or fetching) the model in the background; until it is there uploads are answered with 503. */
export function createMasks({ config, resources, s3, log }: MasksOptions): Masks {
  return {
    photos: { s3, bucket: resources.buckets.images, prefix: resources.prefix },
    detector: startMaskDetector({
      locateModel: () => locateModel({ maskModel: config.MASK_MODEL, dataDir: config.DATA_DIR }),
      log,
    }),
    fetchPhoto: createPhotoFetcher(),
  };
}
