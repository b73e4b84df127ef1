import { type Html, h } from "@elastic-gas/shared/web/html";
import { RANGES, type RangeName } from "../../model/charts/range.ts";
import { icon } from "../kit/parts.ts";

/** Pool sizes, load, decisions and costs of the range as one file. */
export function reportLink(range: RangeName): Html {
  return h(
    "a",
    {
      class: "eg-button eg-button-small",
      href: `/report.html?range=${range}`,
      download: "",
      title: `Pool sizes, load, decisions and costs of ${RANGES[range].words}, as one HTML file`,
    },
    icon("download"),
    "Report",
  );
}
