import { formatUtc } from "@elastic-gas/shared/format/times";
import { renderDocument } from "@elastic-gas/shared/web/render-html";
import { type ReportDeps, type ReportRequest, readReport } from "../../read/read-report.ts";
import { reportView } from "./report-view.ts";

export interface ReportFile {
  /** `elastic-gas-dev-3h-20260907T1402Z.html` */
  readonly fileName: string;
  readonly html: string;
}

/** One file about a time range, to be kept, sent and printed. */
export async function makeReport(deps: ReportDeps, request: ReportRequest): Promise<ReportFile> {
  const report = await readReport(deps, request);
  const stamp = formatUtc(report.to).slice(0, 16).replaceAll(/[-:]/g, "").replace(" ", "T");
  return {
    fileName: `elastic-gas-${report.prefix}-${report.range}-${stamp}Z.html`,
    html: renderDocument(reportView(report)),
  };
}
