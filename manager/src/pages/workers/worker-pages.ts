import { GetConsoleOutputCommand } from "@aws-sdk/client-ec2";
import { methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { requesterOf } from "../../features/requester.ts";
import { changeWorker, findWorker, WORKER_VERBS } from "../../features/workers/worker-actions.ts";
import { tableOfWorker } from "../../model/charts/chart-values.ts";
import { chartsMaxAgeMs } from "../../model/charts/charts-age.ts";
import { isRangeName, RANGE_NAMES, RANGES, type RangeName } from "../../model/charts/range.ts";
import { COMPACT_FROM, isSort, type Sort } from "../../model/fleet/list-workers.ts";
import { choosePool } from "../../read/read-fleet.ts";
import { sendTableCsv } from "../charts/chart-pages.ts";
import { rangeChoice } from "../charts/range-choice.ts";
import { tableView } from "../charts/table-view.ts";
import { answer } from "../frame/answer.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { refuseUnread } from "../kit/refuse-unread.ts";
import { consoleView } from "./console-view.ts";
import { workersPageView } from "./workers-page-view.ts";
import { workersView } from "./workers-view.ts";

/** The page of the workers, and the menu of each. */
export function workerPages(deps: PageDeps): Router {
  const { watcher, sendPage } = deps;
  const router = Router();

  router.get("/workers", async (req, res) => {
    const fleet = await watcher.fleet();
    const pool = choosePool(req.query.pool);
    const size = fleet.workers.filter((worker) => worker.pool === pool && worker.state !== "terminated").length;
    const range: RangeName = isRangeName(req.query.range) ? req.query.range : "30m";
    const filter = String(req.query.filter ?? "").slice(0, 100);
    const sort: Sort = isSort(req.query.sort) ? req.query.sort : "state";
    const density = req.query.density === "compact" || req.query.density === "detailed" ? req.query.density : "auto";
    const compact = density === "compact" || (density === "auto" && size >= COMPACT_FROM);
    const choice = { pool, filter, sort, compact };
    const addressOf = (changes: Readonly<Record<string, string>>) =>
      `/workers?${new URLSearchParams({ pool, range, sort, density, ...(filter === "" ? {} : { filter }), ...changes })}`;
    sendPage(res, {
      title: "Workers",
      section: "workers",
      fleet,
      page: { ...choice, range },
      content: (context) => {
        const view = workersView(fleet, choice, { ...context, query: `&range=${range}` });
        return workersPageView({ choice, range, density, view, addressOf });
      },
    });
  });

  // The paths of a worker's values: a page, and the same as CSV.
  router.get(["/workers/:id/values", "/workers/:id/values.csv"], async (req, res) => sendValues(deps, req, res));

  router.get("/workers/:id/console", async (req, res) => {
    const worker = await findWorker(deps, String(req.params.id));
    const output = await deps.ec2.send(new GetConsoleOutputCommand({ InstanceId: worker.id, Latest: true }));
    sendPage(res, {
      title: `Console of ${worker.id}`,
      section: "workers",
      fleet: await watcher.fleet(),
      content: (context) => {
        const text = Buffer.from(output.Output ?? "", "base64").toString("utf8");
        return consoleView({ worker, text, at: output.Timestamp?.getTime() ?? null }, context);
      },
    });
  });

  for (const verb of WORKER_VERBS) {
    router
      .route(`/workers/:id/${verb}`)
      .post(async (req, res) => {
        const { worker, outcome } = await changeWorker(deps, verb, String(req.params.id), requesterOf(req, res));
        answer(req, res, outcome, `/workers?pool=${worker.pool}`);
      })
      .all(methodNotAllowed("POST"));
  }
  return router;
}

/** The values behind the two charts of a worker. */
async function sendValues(deps: PageDeps, req: Request, res: Response): Promise<void> {
  const { config, watcher, sendPage } = deps;
  const { id, pool } = await findWorker(deps, String(req.params.id));
  if (req.path.endsWith(".csv")) refuseUnread(req.query, { range: RANGE_NAMES });
  const range: RangeName = isRangeName(req.query.range) ? req.query.range : "30m";
  const snapshot = await watcher.charts(pool, range, chartsMaxAgeMs(range, config.METRIC_PERIOD_SECONDS));
  // A worker younger than the charts has no values yet.
  const table = tableOfWorker(id, snapshot) ?? { heads: ["period from", "CPU %"], rows: [] };
  if (req.path.endsWith(".csv")) return sendTableCsv(res, `${id}-${range}.csv`, table);
  const address = `/workers/${id}/values`;
  sendPage(res, {
    title: `Values of ${id}`,
    section: "workers",
    fleet: await watcher.fleet(),
    content: (context) =>
      tableView(
        {
          title: id,
          words: RANGES[range].words,
          table,
          ranges: rangeChoice(range, (other) => `${address}?range=${other}`),
          csvHref: `${address}.csv?range=${range}`,
          chartsHref: `/workers?pool=${pool}&range=${range}`,
        },
        context,
      ),
  });
}
