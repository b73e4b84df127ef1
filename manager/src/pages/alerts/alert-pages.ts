import { audit } from "@elastic-gas/shared/audit";
import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import { QUEUE_KEYS } from "@elastic-gas/shared/resources";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { Router } from "express";
import { z } from "zod";
import { SendAgainBody, sendAgain } from "../../features/dead-letters/dead-letter-actions.ts";
import { actorOf, requesterOf } from "../../features/requester.ts";
import { listDeadLetters } from "../../read/dead-letters.ts";
import { answer } from "../frame/answer.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { alertsPageView } from "./alerts-page-view.ts";
import { alertsView } from "./alerts-view.ts";

const LETTERS_SHOWN = 200;
const Queue = z.object({ queue: z.enum(QUEUE_KEYS) });

/** Everything that needs attention, in one place; and the messages that could not be handled. */
export function alertPages(deps: PageDeps): Router {
  const { db, watcher, sendPage, now } = deps;
  const router = Router();

  router.get("/alerts", async (_req, res) => {
    const fleet = await watcher.fleet();
    const letters = await listDeadLetters(db, LETTERS_SHOWN);
    sendPage(res, {
      title: "Alerts",
      section: "alerts",
      fleet,
      content: (context) => alertsPageView(alertsView(fleet, context.reader), letters, context),
    });
  });

  router.post("/alerts/dead-letters", async (req, res) => {
    const parsed = Queue.safeParse(req.body ?? {});
    if (!parsed.success) throw new HttpError(400, "There is no such queue.");
    const { queue } = parsed.data;
    const { numUpdatedRows } = await db
      .updateTable("deadLetters")
      .set({ resolvedAt: new Date(now()) })
      .where("queue", "=", queue)
      .where("resolvedAt", "is", null)
      .executeTakeFirst();
    const letters = formatCountOf(Number(numUpdatedRows), "message");
    await audit(db, {
      actor: actorOf(res),
      action: "dead-letters.seen",
      target: queue,
      detail: letters,
      address: req.ip,
    });
    await watcher.fleet({ fresh: true });
    answer(req, res, { done: true, sentence: `${letters} of ${queue} marked as looked after.` }, "/alerts");
  });
  router.post("/alerts/dead-letters/send", async (req, res) => {
    const which = SendAgainBody.safeParse(req.body ?? {});
    if (!which.success) throw new HttpError(400, "There is no such message or queue.");
    answer(req, res, await sendAgain(deps, which.data, requesterOf(req, res)), "/alerts");
  });
  router.all(["/alerts/dead-letters", "/alerts/dead-letters/send"], methodNotAllowed("POST"));
  return router;
}
