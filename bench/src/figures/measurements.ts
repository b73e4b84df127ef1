import { consequences } from "../annotation/consequences.ts";
import { annotation } from "../annotation/gene-level.ts";
import { localCloud } from "../local-cloud/measurement.ts";
import { dashboard } from "../pages/dashboard.ts";
import { jobList } from "../pages/job-list.ts";
import { upload } from "../pages/upload.ts";
import { wholeSystem } from "../system/measurement.ts";
import { tick } from "../tick-cost/measurement.ts";
import type { Measurement } from "./measurement.ts";

/** All of `npm run bench`, in the order of the table. */
export const MEASUREMENTS: readonly Measurement[] = [
  annotation,
  consequences,
  wholeSystem,
  upload,
  localCloud,
  tick,
  dashboard,
  jobList,
];
