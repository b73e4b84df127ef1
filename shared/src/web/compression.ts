import { constants } from "node:zlib";
import compression from "compression";
import type { RequestHandler } from "express";
import expressStaticGzip from "express-static-gzip";

const YEAR_MS = 365 * 86_400_000;
/** Of Brotli's 11: little slower than gzip, and smaller. */
const PAGE_QUALITY = 4;

/** Compresses pages and other texts as they are sent. Bundled files are compressed by the build. */
export function compressPages(): RequestHandler {
  return compression({ brotli: { params: { [constants.BROTLI_PARAM_QUALITY]: PAGE_QUALITY } } });
}

/** The bundled files, each in the smallest form that the browser takes (see ui/bundle.ts). Their names carry a hash. */
export function bundledFiles(folder: string): RequestHandler {
  return expressStaticGzip(folder, {
    enableBrotli: true,
    index: false,
    orderPreference: ["br", "gz"],
    serveStatic: { immutable: true, maxAge: YEAR_MS },
  });
}
