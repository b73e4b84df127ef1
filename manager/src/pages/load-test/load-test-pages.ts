import { methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Response, Router } from "express";
import { z } from "zod";
import type { LoadTest } from "../../features/load-test/load-test.ts";
import { requesterOf } from "../../features/requester.ts";
import { LoadTestChoice } from "../../model/load-test/load-test-snapshot.ts";
import { answer } from "../frame/answer.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { type LoadTestPage, loadTestView } from "./load-test-view.ts";

const Given = z.object({
  rate: z.string().max(20).catch("").default("3"),
  minutes: z.string().max(20).catch("").default("10"),
  shape: z.string().max(20).catch("").default("step"),
});

/** `/load-test`: starts, shows and ends the one load test. */
export function loadTestPages(deps: PageDeps & { readonly loadTest: LoadTest }): Router {
  const { loadTest } = deps;
  const router = Router();

  router.get("/load-test", (_req, res) => send(deps, res, { given: Given.parse({}), errors: {} }));

  router.post("/load-test/start", async (req, res) => {
    const body: unknown = req.body ?? {};
    const choice = LoadTestChoice.safeParse(body);
    if (!choice.success) {
      const errors = Object.fromEntries(choice.error.issues.map(({ path, message }) => [String(path[0]), message]));
      return send(deps, res, { given: Given.parse(body), errors });
    }
    return answer(req, res, await loadTest.start(choice.data, requesterOf(req, res)), "/load-test");
  });

  router.post("/load-test/stop", async (req, res) => {
    answer(req, res, await loadTest.stop(requesterOf(req, res)), "/load-test");
  });
  router.all(["/load-test/start", "/load-test/stop"], methodNotAllowed("POST"));
  return router;
}

async function send(
  { watcher, sendPage, loadTest }: PageDeps & { readonly loadTest: LoadTest },
  res: Response,
  { given, errors }: Omit<LoadTestPage, "test">,
): Promise<void> {
  const test = loadTest.snapshot();
  sendPage(res, {
    title: "Load test",
    section: "load-test",
    status: Object.keys(errors).length === 0 ? 200 : 400,
    fleet: await watcher.fleet(),
    page: { pool: "web", range: "30m" },
    content: (context) => loadTestView({ test, given, errors }, context),
  });
}
