import { mountClocks, mountLocalTimes, rememberZone, serverClock } from "@elastic-gas/shared/ui/mount-times";
import { mountThemeToggle } from "@elastic-gas/shared/ui/theme";
import { mountMasks } from "../masks/browser/mount-masks.ts";
import { mountCommand } from "./command.ts";
import { mountForms } from "./forms.ts";
import { mountLive } from "./live.ts";
import { mountMenus } from "./menus.ts";
import { mountRecords } from "./records.ts";
import { mountUpload } from "./upload.ts";

const now = serverClock();

/** Everything that a part of a page needs; called again for parts that were replaced. */
function mountPart(root: ParentNode): void {
  mountLocalTimes(root, now());
  mountForms(root);
  mountRecords(root);
  mountCommand(root);
  if (root.querySelector("[data-chart]") !== null) {
    // Chart.js is large, and most pages have no chart.
    void import("./charts.ts").then(({ mountCharts }) => mountCharts(root));
  }
}

rememberZone();
mountThemeToggle(document);
mountMenus(document);
mountPart(document);
mountClocks(document, now);
mountLive(document, { mountPart, now });
mountMasks(document);
for (const element of document.querySelectorAll<HTMLElement>("[data-upload]")) mountUpload(element);
document.documentElement.dataset.script = "";
