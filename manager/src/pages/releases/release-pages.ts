import { methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { readerZone } from "@elastic-gas/shared/web/reader-zone";
import { Router } from "express";
import { startUpdate, steerUpdate, UpdateBody } from "../../features/releases/release-actions.ts";
import { requesterOf } from "../../features/requester.ts";
import { readReleases } from "../../read/releases.ts";
import { answer } from "../frame/answer.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { releasesView } from "./releases-view.ts";

/** `/releases`: what workers run, what was published, and the update from one to the other. */
export function releasePages(deps: PageDeps): Router {
  const { db, config, now, sendPage, watcher } = deps;
  const router = Router();

  router.get("/releases", async (req, res) => {
    const reader = { now: now(), timeZone: readerZone(req, config) };
    const page = await readReleases(db, reader);
    sendPage(res, {
      title: "Releases",
      section: "releases",
      fleet: await watcher.fleet(),
      content: (context) => releasesView({ ...page, canarySeconds: config.CANARY_SECONDS }, context),
    });
  });

  router.post("/releases/update", async (req, res) => {
    const { release, canarySeconds } = Object(req.body);
    const body = UpdateBody.parse({ release, canarySeconds: canarySeconds === "" ? undefined : canarySeconds });
    answer(req, res, await startUpdate(deps, body, requesterOf(req, res)), "/releases");
  });
  for (const verb of ["pause", "resume", "roll-back"] as const) {
    router.post(`/releases/${verb}`, async (req, res) => {
      answer(req, res, await steerUpdate(deps, verb, requesterOf(req, res)), "/releases");
    });
  }
  router.all(
    ["/releases/update", "/releases/pause", "/releases/resume", "/releases/roll-back"],
    methodNotAllowed("POST"),
  );
  return router;
}
