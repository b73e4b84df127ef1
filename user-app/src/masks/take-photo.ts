import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { HttpError, setRetryAfter } from "@elastic-gas/shared/web/errors";
import type { Request, Response } from "express";
import { z } from "zod";
import { abortWhenSenderLeaves, SenderGone } from "../web/sender-gone.ts";
import { detectAndStore } from "./photos.ts";
import { dropRest, MAX_PHOTO_BYTES, readForm, type SentFile, type UploadedFile } from "./upload/multipart.ts";
import { takePlace, toHttpError } from "./upload/refusals.ts";
import { type MaskPagesDeps, sendUploadPage } from "./upload-page.ts";

const AddressForm = z.object({ url: z.string().optional() });

interface Wanted {
  readonly file: SentFile | undefined;
  readonly address: string | undefined;
}

/**
 * POST /masks: a multipart form with `file`, or a form with `url`. Goes on to the result page; a refusal is shown
 * beside the form, or, to our script (`Accept: application/json`), told as `{"error":{"message":...}}`, as success is
 * as `{"location":...}`.
 */
export async function takePhoto(deps: MaskPagesDeps, req: Request, res: Response): Promise<void> {
  const userId = currentUser(res).id;
  const signal = abortWhenSenderLeaves(res);
  let wanted: Wanted = { file: undefined, address: undefined };
  await using opened = new AsyncDisposableStack();
  try {
    using place = takePlace(deps.detector, req);
    wanted = await readWanted(req, opened);
    const { fileName, bytes } = await getFile(deps, wanted, signal);
    const kept = await detectAndStore(deps, { userId, fileName, bytes, place, signal });
    const location = `/masks/${kept.id}`;
    if (wantsJson(req)) res.json({ location });
    else res.redirect(303, location);
  } catch (error) {
    if (error instanceof SenderGone || res.destroyed) {
      res.destroy();
      return;
    }
    const known = toHttpError(error);
    if (known === undefined) throw error;
    await refuse(known, wanted);
  }

  async function refuse(error: HttpError, { file, address }: Wanted): Promise<void> {
    setRetryAfter(res, error);
    if (wantsJson(req)) {
      res.status(error.status).json({ error: { message: error.message } });
      return;
    }
    const of = file === undefined && address !== undefined ? "address" : "file";
    await sendUploadPage(deps, res, { of, status: error.status, sentence: error.message, address: address ?? "" });
  }
}

async function readWanted(req: Request, opened: AsyncDisposableStack): Promise<Wanted> {
  if (req.is("multipart/form-data")) {
    const { file, fields } = opened.use(await readForm(req));
    return { file, address: blankToUndefined(fields.get("url")) };
  }
  const form = AddressForm.safeParse(req.body);
  if (!form.success) {
    dropRest(req);
    throw new HttpError(415, "Send the photo as a form.");
  }
  return { file: undefined, address: blankToUndefined(form.data.url) };
}

async function getFile(
  { fetchPhoto }: MaskPagesDeps,
  { file, address }: Wanted,
  signal: AbortSignal,
): Promise<UploadedFile> {
  if (file !== undefined) return { fileName: file.fileName, bytes: await file.read() };
  if (address !== undefined) return fetchPhoto(address, { signal, maxBytes: MAX_PHOTO_BYTES });
  throw new HttpError(400, "Choose a photo, or give its address.");
}

function wantsJson(req: Request): boolean {
  return req.accepts(["html", "json"]) === "json";
}

function blankToUndefined(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}
