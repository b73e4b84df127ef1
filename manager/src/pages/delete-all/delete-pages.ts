import type { S3Client } from "@aws-sdk/client-s3";
import type { RateLimiter } from "@elastic-gas/shared/accounts/rate-limit";
import { findUserByUsername } from "@elastic-gas/shared/accounts/users";
import { audit } from "@elastic-gas/shared/audit";
import { formatDuration } from "@elastic-gas/shared/format/durations";
import { type Response, Router } from "express";
import { z } from "zod";
import type { Deletion } from "../../features/delete-all/deletion.ts";
import { takeInventory } from "../../features/delete-all/inventory.ts";
import { actorOf } from "../../features/requester.ts";
import { readDeletion, readLastDeletion } from "../../read/deletion-progress.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { deleteView } from "./delete-view.ts";

export interface DeletePagesDeps extends PageDeps {
  readonly s3: S3Client;
  readonly deletion: Deletion;
  /** Failed passwords of this page. */
  readonly attempts: RateLimiter;
}

const WORD = "DELETE";
export const PASSWORD_ATTEMPTS = { name: "delete-all", points: 5, perSeconds: 300 } as const;
const DeleteForm = z.object({ word: z.string().max(100).default(""), password: z.string().max(200).default("") });

export function deletePages(deps: DeletePagesDeps): Router {
  const { db, s3, resources, passwords, deletion, attempts } = deps;
  const router = Router();

  router.get("/settings/delete", async (_req, res) => send(deps, res, {}));

  router.post("/settings/delete", async (req, res) => {
    const { word, password } = DeleteForm.parse(req.body ?? {});
    if (word.trim() !== WORD) return send(deps, res, { word: `Type ${WORD} to confirm.` });
    const actor = actorOf(res);
    const wait = await attempts.check(actor);
    if (wait !== undefined) {
      return send(deps, res, { password: `Too many failed attempts. Try again in ${formatDuration(wait)}.` });
    }
    const user = await findUserByUsername(db, actor);
    if (!(await passwords.verify(password, user?.passwordHash))) {
      await attempts.consume(actor);
      return send(deps, res, { password: "This is not your password." });
    }
    const { rows, objects } = await takeInventory(db, s3, resources);
    const started = await deletion.start({ by: actor, total: rows + objects });
    if (started) {
      await audit(db, { actor, action: "data.delete", detail: `${rows} rows, ${objects} objects`, address: req.ip });
    }
    res.redirect(303, "/settings/delete");
  });
  return router;
}

async function send(
  { db, s3, resources, watcher, sendPage }: DeletePagesDeps,
  res: Response,
  errors: { readonly word?: string; readonly password?: string },
): Promise<void> {
  const [running, last] = await Promise.all([readDeletion(db), readLastDeletion(db)]);
  const inventory = running === null ? await takeInventory(db, s3, resources) : null;
  sendPage(res, {
    title: "Delete all data",
    section: "delete",
    status: Object.keys(errors).length > 0 ? 400 : 200,
    fleet: await watcher.fleet(),
    page: { deleting: running !== null },
    content: (context) =>
      deleteView({ prefix: resources.prefix, word: WORD, errors, running, last, inventory }, context),
  });
}
