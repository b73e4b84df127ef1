import { HttpError } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { poolOfPath } from "../../features/pools/pool-of-path.ts";
import type { ChartName } from "../../model/charts/chart-names.ts";
import { chartsOf, chartTitle, isChartName } from "../../model/charts/chart-names.ts";
import type { ChartSnapshot } from "../../model/charts/chart-snapshot.ts";
import { tableOf, type ValueTable } from "../../model/charts/chart-values.ts";
import { chartsMaxAgeMs } from "../../model/charts/charts-age.ts";
import { isRangeName, RANGE_NAMES, RANGES, type RangeName } from "../../model/charts/range.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { csvLine } from "../kit/csv.ts";
import { refuseUnread } from "../kit/refuse-unread.ts";
import { rangeChoice } from "./range-choice.ts";
import { tableView } from "./table-view.ts";

/** The values behind each chart, as a page and as CSV. */
export function chartPages(deps: PageDeps): Router {
  const router = Router();

  router.get("/charts/:pool/:name", async (req, res) => {
    const asked = readAsked(req);
    const snapshot = await read(deps, asked);
    if (asked.csv) return sendCsv(res, asked, snapshot);
    deps.sendPage(res, {
      title: chartTitle(asked.name, asked.pool),
      section: "pools",
      fleet: await deps.watcher.fleet(),
      content: (context) =>
        tableView(
          {
            title: chartTitle(asked.name, asked.pool),
            words: RANGES[asked.range].words,
            table: tableOf(asked.name, snapshot),
            ranges: rangeChoice(asked.range, (range) => `/charts/${asked.pool}/${asked.name}?range=${range}`),
            csvHref: `/charts/${asked.pool}/${asked.name}.csv?range=${asked.range}`,
            chartsHref: `/?pool=${asked.pool}&range=${asked.range}`,
          },
          context,
        ),
    });
  });
  return router;
}

interface Asked {
  readonly pool: ReturnType<typeof poolOfPath>;
  readonly name: ChartName;
  readonly range: RangeName;
  readonly csv: boolean;
}

function readAsked(req: Request): Asked {
  const pool = poolOfPath(req);
  const text = String(req.params.name);
  const csv = text.endsWith(".csv");
  const name = csv ? text.slice(0, -".csv".length) : text;
  if (csv) refuseUnread(req.query, { range: RANGE_NAMES });
  if (!isChartName(name) || !chartsOf(pool).includes(name)) throw new HttpError(404, `${pool} has no such chart.`);
  return { pool, name, csv, range: isRangeName(req.query.range) ? req.query.range : "30m" };
}

async function read({ watcher, config }: PageDeps, { pool, range }: Asked): Promise<ChartSnapshot> {
  return watcher.charts(pool, range, chartsMaxAgeMs(range, config.METRIC_PERIOD_SECONDS));
}

function sendCsv(res: Response, { pool, name, range }: Asked, snapshot: ChartSnapshot): void {
  sendTableCsv(res, `${pool}-${name}-${range}.csv`, tableOf(name, snapshot));
}

/** To what a measurement can tell. */
function rounded(cell: number | null): number | null {
  return cell === null ? null : Number(cell.toFixed(3));
}

/** Oldest first, as spreadsheets and plots want it. */
export function sendTableCsv(res: Response, fileName: string, { heads, rows }: ValueTable): void {
  res.type("text/csv").setHeader("Content-Disposition", `attachment; filename="${fileName}"`);
  const lines = rows.toReversed().map(({ at, cells }) => csvLine([new Date(at).toISOString(), ...cells.map(rounded)]));
  res.send(csvLine(heads.map((head) => head.replaceAll(" ", "_"))) + lines.join(""));
}
