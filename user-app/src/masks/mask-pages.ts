import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { currentUser, requireUser } from "@elastic-gas/shared/accounts/sessions";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import express, { type Request, type Response, Router } from "express";
import { z } from "zod";
import { leaveNotice } from "../web/pages.ts";
import { abortWhenSenderLeaves } from "../web/sender-gone.ts";
import { isPhotoList, listOf, PHOTO_LIST_TEXTS, PHOTO_LISTS, type PhotoList } from "./photo-lists.ts";
import { openObject } from "./photo-store.ts";
import { deletePhoto } from "./photos.ts";
import { countPhotos, findPhoto, listPhotos, type Photo } from "./queries.ts";
import { takePhoto } from "./take-photo.ts";
import { type MaskPagesDeps, sendUploadPage } from "./upload-page.ts";
import { historyView } from "./views/history.ts";
import { resultView } from "./views/result.ts";

const PHOTOS_PER_PAGE = 12;

const PhotoId = z.uuid();
const PageNumber = z.coerce.number().int().min(1).max(100_000).catch(1);
const PHOTO_FILES = ["original", "annotated", "thumbnail"] as const;
type PhotoFile = (typeof PHOTO_FILES)[number];

/**
 * `/masks` and everything below, for signed-in users. Mount after sessions, the urlencoded body parser and the CSRF
 * check; the multipart form carries its token in the query.
 */
export function maskPages(deps: MaskPagesDeps): Router {
  const router = Router();
  router.use("/masks", requireUser);
  router.get("/masks", (_req, res) => sendUploadPage(deps, res));
  // Nothing is left to read when the app parsed the body already.
  router.post("/masks", express.urlencoded({ extended: false, limit: "10kb" }), (req, res) =>
    takePhoto(deps, req, res),
  );
  router.all("/masks", methodNotAllowed("GET", "POST"));

  router.get("/masks/history", async (_req, res) => {
    const { byList } = await countPhotos(deps.db, currentUser(res).id);
    res.redirect(303, `/masks/history/${PHOTO_LISTS.findLast((list) => byList[list] > 0) ?? "some-masked"}`);
  });
  router.get("/masks/history/:list", (req, res) => {
    const { list } = req.params;
    if (!isPhotoList(list)) throw new HttpError(404, "There is no such list of photos.");
    return sendHistory(deps, req, res, list);
  });

  router.get("/masks/:id", (req, res) => sendResult(deps, req, res));
  router.post("/masks/:id/delete", (req, res) => removePhoto(deps, req, res));
  router.all("/masks/:id/delete", methodNotAllowed("POST"));
  router.get("/masks/:id/:file", (req, res) => sendFile(deps, req, res));
  return router;
}

async function sendHistory(deps: MaskPagesDeps, req: Request, res: Response, list: PhotoList): Promise<void> {
  const userId = currentUser(res).id;
  const counts = await countPhotos(deps.db, userId);
  const total = counts.byList[list];
  const pages = Math.max(1, Math.ceil(total / PHOTOS_PER_PAGE));
  // Deleting the last photo of the last page must not end on an empty page.
  const page = Math.min(PageNumber.parse(req.query.page), pages);
  const offset = (page - 1) * PHOTOS_PER_PAGE;
  const photos = await listPhotos(deps.db, userId, { list, offset, limit: PHOTOS_PER_PAGE });
  deps.sendPage(res, {
    title: `Mask history: ${PHOTO_LIST_TEXTS[list].name}`,
    tab: "masks",
    content: (context) =>
      historyView(
        {
          list,
          counts,
          photos,
          first: offset + 1,
          last: offset + photos.length,
          newer: page > 1 ? page - 1 : undefined,
          older: page < pages ? page + 1 : undefined,
        },
        context,
      ),
  });
}

async function sendResult(deps: MaskPagesDeps, req: Request, res: Response): Promise<void> {
  const photo = await getPhoto(deps, req, res);
  deps.sendPage(res, { title: photo.fileName, tab: "masks", content: (page) => resultView({ photo }, page) });
}

async function removePhoto(deps: MaskPagesDeps, req: Request, res: Response): Promise<void> {
  const photo = await getPhoto(deps, req, res);
  await deletePhoto(deps, currentUser(res).id, photo.id);
  leaveNotice(req, { tone: "ok", start: "Deleted.", text: `${photo.fileName} and its result are gone.` });
  res.redirect(303, `/masks/history/${listOf(photo)}`);
}

async function sendFile(deps: MaskPagesDeps, req: Request, res: Response): Promise<void> {
  const file = PHOTO_FILES.find((name) => name === req.params.file);
  if (file === undefined) throw notFound();
  const photo = await getPhoto(deps, req, res);
  setFileHeaders(res, photo, file, req.query.download !== undefined);
  // A photo's files never change, so the reader's own copy is good.
  if (req.fresh) {
    res.status(304).end();
    return;
  }
  const leaving = abortWhenSenderLeaves(res);
  if (file === "thumbnail") {
    await sendThumbnail(deps, res, { key: photo.thumbnailKey, leaving });
    return;
  }
  deps.downloads.begin(res, currentUser(res).id);
  const object = await openObject({ ...deps.photos, s3: deps.downloads.s3 }, photo[`${file}Key`], leaving);
  if (object === undefined) throw notFound();
  if (object.sizeBytes !== undefined) res.setHeader("Content-Length", object.sizeBytes);
  await pipeline(object.body, res).catch((error: unknown) => {
    if (!res.destroyed) throw error;
    if (!leaving.aborted) deps.log.warn({ err: error, photo: photo.id }, "photo was not sent to its end");
  });
}

/**
 * Read to its end first: a slow reader holds no connection to S3, so it needs no place among the downloads. Two lists
 * of photos ask for more of them at once than one reader may have.
 */
async function sendThumbnail(
  { photos }: MaskPagesDeps,
  res: Response,
  { key, leaving }: { readonly key: string; readonly leaving: AbortSignal },
): Promise<void> {
  const object = await openObject(photos, key, leaving);
  if (object === undefined) throw notFound();
  res.end(await buffer(object.body));
}

function setFileHeaders(res: Response, photo: Photo, file: PhotoFile, download: boolean): void {
  const original = file === "original";
  if (download) res.attachment(original ? photo.fileName : `${photo.fileName.replace(/\.\w+$/, "")}-${file}.jpg`);
  res.setHeader("Content-Type", original ? photo.contentType : "image/jpeg");
  res.setHeader("ETag", `"${photo.id}-${file}"`);
  res.setHeader("Cache-Control", "private, max-age=3600, immutable");
  // It is a user's file: opened by itself it gets no rights on this origin.
  res.setHeader("Content-Security-Policy", "default-src 'none'; sandbox");
  res.setHeader("X-Content-Type-Options", "nosniff");
}

/** The photo of the address, when it is this user's; to others it does not exist. */
async function getPhoto({ db }: MaskPagesDeps, req: Request, res: Response): Promise<Photo> {
  const id = PhotoId.safeParse(req.params.id);
  const photo = id.success ? await findPhoto(db, currentUser(res).id, id.data.toLowerCase()) : undefined;
  if (photo === undefined) throw notFound();
  return photo;
}

function notFound(): HttpError {
  return new HttpError(404, "There is no such photo.", {
    remedy: "It may have been deleted, or it belongs to somebody else.",
    link: { href: "/masks/history", text: "Your photos" },
  });
}
