import { constants } from "node:zlib";
import compression from "compression";
import type { RequestHandler } from "express";
import expressStaticGzip from "express-static-gzip";
import { z } from "zod";

const YEAR_MS = 365 * 86_400_000;
/** Of Brotli's 11: little slower than gzip, and smaller. */
const PAGE_QUALITY = 4;

/** Compresses pages and other texts as they are sent. Bundled files are compressed by the build. */
export function compressPages(): RequestHandler {
  return compression({ brotli: { params: { [constants.BROTLI_PARAM_QUALITY]: PAGE_QUALITY } } });
}

/** How many workers are asked for a file: during an update only some have it. */
const MOST_ASKED = 15;
const Asked = z.coerce.number().int().min(0).catch(0);

/**
 * The bundled files, each in the smallest form that the browser takes (see ui/bundle.ts). Their names carry a hash, so
 * that of a pool which is updated some workers have not those of a page that another one made: the browser is sent to
 * ask again, and the balancer chooses another worker.
 */
export function bundledFiles(folder: string): RequestHandler {
  const send = expressStaticGzip(folder, {
    enableBrotli: true,
    index: false,
    orderPreference: ["br", "gz"],
    serveStatic: { immutable: true, maxAge: YEAR_MS },
  });
  return (req, res, next) => {
    void send(req, res, (error?: unknown) => {
      const asked = Asked.parse(req.query.asked) + 1;
      if (error !== undefined || asked >= MOST_ASKED) return next(error);
      res.set("Cache-Control", "no-store").redirect(307, `${req.baseUrl}${req.path}?asked=${asked}`);
    });
  };
}
