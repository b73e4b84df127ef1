import { managerUrl } from "@elastic-gas/shared/config";
import { methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { Router } from "express";
import type { Deps } from "../web/deps.ts";
import { usersElsewhereView } from "./views/users-elsewhere.ts";

/**
 * `/admin/users` leads to the manager. Accounts are made there and nowhere else: a web worker's database account may
 * not make administrators. Mount behind `requireAdmin`.
 */
export function usersElsewhere({ config, sendPage }: Deps): Router {
  const router = Router();
  router.get("/admin/users", (_req, res) =>
    sendPage(res, { title: "Users", content: () => usersElsewhereView(`${managerUrl(config)}/users`) }),
  );
  router.all("/admin/users", methodNotAllowed("GET"));
  return router;
}
