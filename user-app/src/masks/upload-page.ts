import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import type { Response } from "express";
import type { FetchFile } from "../fetching/fetch-file.ts";
import type { Downloads } from "../web/downloads.ts";
import type { SendPage } from "../web/pages.ts";
import { MAX_PIXELS } from "./detector/picture.ts";
import type { PhotoDeps } from "./photos.ts";
import { countPhotos } from "./queries.ts";
import { MAX_PHOTO_BYTES } from "./upload/multipart.ts";
import { type Refusal, uploadView } from "./views/upload.ts";

export interface MaskPagesDeps extends PhotoDeps {
  readonly sendPage: SendPage;
  readonly downloads: Downloads;
  /** Fetches a photo by its address; `createFileFetcher(PHOTO)` in production. */
  readonly fetchPhoto: FetchFile;
}

/** The form of `/masks`; after a refusal with its status, and the sentence beside what was refused. */
export async function sendUploadPage(deps: MaskPagesDeps, res: Response, refusal?: Refusal): Promise<void> {
  const counts = await countPhotos(deps.db, currentUser(res).id);
  const availability = deps.detector.availability();
  deps.sendPage(res, {
    title: "Masks",
    tab: "masks",
    status: refusal?.status ?? 200,
    content: (page) =>
      uploadView(
        {
          photos: counts.photos,
          refusal,
          maxBytes: MAX_PHOTO_BYTES,
          maxPixels: MAX_PIXELS,
          missing: availability.kind === "missing" ? availability.reason : undefined,
        },
        page,
      ),
  });
}
