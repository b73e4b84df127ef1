import { audit } from "@elastic-gas/shared/audit";
import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import { type Response, Router } from "express";
import { z } from "zod";
import { actorOf } from "../../features/requester.ts";
import { requestStop } from "../../features/stop/request-stop.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { stopPageView } from "./stop-page-view.ts";
import { countWorkers, stopWord } from "./stop-view.ts";

const StopForm = z.object({ word: z.string().max(100).default("") });

export function stopPages(deps: PageDeps): Router {
  const { db, watcher, now, config } = deps;
  const router = Router();

  router.get("/settings", (_req, res) => res.redirect(303, "/settings/stop"));
  router.get("/settings/stop", async (_req, res) => sendStop(deps, res, ""));

  router.post("/settings/stop", async (req, res) => {
    const { word } = StopForm.parse(req.body ?? {});
    const wanted = stopWord(config.PREFIX);
    if (word.trim() !== wanted) return sendStop(deps, res, `Type ${wanted} to confirm.`);
    const actor = actorOf(res);
    const workers = countWorkers(await watcher.fleet({ fresh: true }));
    const first = await requestStop(db, { by: actor, at: now(), workers });
    if (first)
      await audit(db, { actor, action: "manager.stop", detail: formatCountOf(workers, "worker"), address: req.ip });
    await watcher.fleet({ fresh: true });
    res.redirect(303, "/settings/stop");
  });
  return router;
}

async function sendStop({ watcher, sendPage, config }: PageDeps, res: Response, error: string): Promise<void> {
  const fleet = await watcher.fleet();
  const drainSeconds = config.DEREGISTRATION_DELAY_SECONDS;
  sendPage(res, {
    title: "Stop manager",
    section: "stop",
    status: error === "" ? 200 : 400,
    fleet,
    page: { drainSeconds },
    content: (context) => stopPageView({ fleet, drainSeconds, error }, context),
  });
}
