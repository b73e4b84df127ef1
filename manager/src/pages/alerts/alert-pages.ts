import { audit } from "@elastic-gas/shared/accounts/audit";
import { QUEUE_KEYS } from "@elastic-gas/shared/resources";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { Router } from "express";
import { z } from "zod";
import { actorOf } from "../../features/requester.ts";
import { count } from "../../model/words.ts";
import { answer } from "../frame/answer.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { alertsPageView } from "./alerts-page-view.ts";
import { alertsView } from "./alerts-view.ts";

const LETTERS_SHOWN = 200;
const Queue = z.object({ queue: z.enum(QUEUE_KEYS) });

/** Everything that needs a look, in one place; and the messages that could not be handled. */
export function alertPages({ db, watcher, sendPage, now }: PageDeps): Router {
  const router = Router();

  router.get("/alerts", async (_req, res) => {
    const fleet = await watcher.fleet();
    const letters = await db
      .selectFrom("deadLetters")
      .selectAll()
      .where("resolvedAt", "is", null)
      .orderBy("id", "desc")
      .limit(LETTERS_SHOWN)
      .execute();
    sendPage(res, {
      title: "Alerts",
      section: "alerts",
      fleet,
      content: (context) => {
        const shown = letters.map((letter) => ({ ...letter, at: letter.at.getTime() }));
        return alertsPageView(alertsView(fleet, context.reader), shown, context);
      },
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
    const letters = count(Number(numUpdatedRows), "message");
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
  router.all("/alerts/dead-letters", methodNotAllowed("POST"));
  return router;
}
