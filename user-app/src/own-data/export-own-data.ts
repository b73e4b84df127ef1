import { pipeline } from "node:stream/promises";
import { createRateLimiter } from "@elastic-gas/shared/accounts/rate-limit";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { audit } from "@elastic-gas/shared/audit";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { Router } from "express";
import { contentDisposition } from "../annotations/files.ts";
import type { Deps } from "../web/deps.ts";
import { zipOwnData } from "./zip-own-data.ts";

/** An export may be large: it is not for polling. */
const EXPORT_LIMIT = { name: "export", points: 10, perSeconds: 3_600 } as const;

/** `POST /profile/export`: everything of the reader as a zip. Mount behind `requireUser`. */
export function exportPages(deps: Deps): Router {
  const limit = createRateLimiter(deps.rateLimits, EXPORT_LIMIT);
  const router = Router();
  router.post("/profile/export", async (req, res) => {
    const user = currentUser(res);
    const wait = await limit.consume(`user ${user.id}`);
    if (wait !== undefined) {
      throw new HttpError(429, `At most ${EXPORT_LIMIT.points} exports an hour.`, { retryAfterSeconds: wait });
    }
    deps.downloads.begin(res, user.id);
    const zip = await zipOwnData(deps, user);
    await audit(deps.db, { actor: user.username, action: "data.export", address: req.ip });
    const day = deps.now().toISOString().slice(0, 10);
    res.setHeader("Content-Type", "application/zip");
    res.setHeader("Content-Disposition", contentDisposition(`elastic-gas-${user.username}-${day}.zip`));
    res.setHeader("Cache-Control", "no-store");
    try {
      await pipeline(zip, res);
    } catch (error) {
      // The answer has begun: cutting it off is what tells the browser that the file is not whole.
      res.destroy();
      deps.log.warn({ err: error, userId: user.id }, "export cut off");
    }
  });
  router.all("/profile/export", methodNotAllowed("POST"));
  return router;
}
