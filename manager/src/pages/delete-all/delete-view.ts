import { formatBytes, formatCount, formatCountOf } from "@elastic-gas/shared/format/numbers";
import { errorLine, field, invalid } from "@elastic-gas/shared/ui/field";
import { type Html, h } from "@elastic-gas/shared/web/html";
import type { Inventory } from "../../features/delete-all/inventory.ts";
import { NO_VALUE } from "../../model/reader.ts";
import type { DeletionProgress, LastDeletion } from "../../read/deletion-progress.ts";
import type { ViewContext } from "../frame/send-page.ts";
import { csrfField, icon, note, time } from "../kit/parts.ts";

export interface DeletePage {
  readonly prefix: string;
  /** To be typed. */
  readonly word: string;
  readonly errors: { readonly word?: string; readonly password?: string };
  readonly running: DeletionProgress | null;
  readonly last: LastDeletion | null;
  /** What there is to delete; null while it is being deleted. */
  readonly inventory: Inventory | null;
}

export function deleteView(page: DeletePage, context: ViewContext): Html[] {
  const { running, last, inventory } = page;
  return [
    h("div", { class: "page-head" }, h("h1", {}, "Delete all data")),
    h(
      "div",
      { class: "danger-page stack-wide", "data-refresh": "" },
      running !== null && progressPanel(running, context),
      last !== null && running === null && lastNote(last, context),
      inventory !== null && deletePanel(page, inventory, context),
    ),
  ];
}

function progressPanel({ by, at, deleted, total, doing }: DeletionProgress, { reader }: ViewContext): Html {
  return h(
    "section",
    { class: "eg-panel", "aria-label": "Deleting", "data-deletion-running": "" },
    h(
      "div",
      { class: "eg-panel-head" },
      h("h2", {}, "Deleting"),
      h("span", { class: "eg-end eg-small eg-secondary" }, `started by ${by}, `, time(at, reader)),
    ),
    h(
      "div",
      { class: "eg-progress" },
      h(
        "div",
        { class: "eg-progress-words" },
        h("b", {}, `${formatCount(deleted)} of about ${formatCount(total)} rows and objects`),
        h("span", { class: "eg-secondary" }, doing),
      ),
      h("progress", { max: Math.max(1, total), value: Math.min(deleted, total), "aria-label": "Deleted" }),
    ),
    h(
      "p",
      { class: "eg-secondary danger-note" },
      "Uploads get “503, being deleted” until it is done. This page may be left and reloaded.",
    ),
  );
}

function lastNote({ failure, at, by, rows, objects }: LastDeletion, { reader }: ViewContext): Html {
  const instant = time(at, reader);
  if (failure !== null) {
    const text = [h("strong", {}, "The last deletion stopped half-way"), " (", instant, `): ${failure}`];
    return note({ tone: "warn", glyph: "warning", text });
  }
  const deleted = `Deleted ${formatCountOf(rows, "row")} and ${formatCountOf(objects, "object")}`;
  return note({
    tone: "ok",
    glyph: "disc-check",
    text: [h("strong", {}, deleted), `, asked by ${by}, `, instant, "."],
  });
}

function deletePanel(page: DeletePage, inventory: Inventory, { csrf }: ViewContext): Html {
  const { subscriptions } = inventory;
  return h(
    "section",
    { class: "eg-panel danger-panel" },
    h(
      "p",
      {},
      h("strong", {}, "This cannot be undone."),
      " All application data of ",
      h("code", {}, `${page.prefix}-gas`),
      " is deleted. Workers keep running; uploads get “503, being deleted” until it is done.",
    ),
    h("div", { class: "eg-table-box" }, inventoryTable(inventory)),
    h(
      "p",
      { class: "eg-secondary danger-note" },
      "Kept: administrators, pools, policies, decisions, the audit log. Queued messages are deleted too.",
      subscriptions > 0 &&
        ` ${formatCountOf(subscriptions, "Premium subscription")} ${subscriptions === 1 ? "is" : "are"} cancelled at Stripe first.`,
    ),
    deleteForm(page, inventory, csrf),
  );
}

function inventoryTable({ lines, rows, objects, sizeBytes }: Inventory): Html {
  const number = (text: string): Html => h("td", { class: "eg-number" }, text);
  return h(
    "table",
    { class: "eg-table danger-table" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", {}, "What"),
        ["Rows", "Objects", "Size"].map((head) => h("th", { class: "eg-number" }, head)),
      ),
    ),
    h(
      "tbody",
      {},
      lines.map((line) =>
        h(
          "tr",
          {},
          h("td", {}, line.what),
          number(formatCount(line.rows)),
          number(line.objects === null ? NO_VALUE : formatCount(line.objects)),
          number(line.sizeBytes === null ? NO_VALUE : formatBytes(line.sizeBytes)),
        ),
      ),
      h(
        "tr",
        { class: "total-row" },
        h("th", {}, "Total"),
        number(formatCount(rows)),
        number(formatCount(objects)),
        number(formatBytes(sizeBytes)),
      ),
    ),
  );
}

function deleteForm({ word, errors }: DeletePage, { rows, objects }: Inventory, csrf: string): Html {
  return h(
    "form",
    { method: "post", action: "/settings/delete", class: "eg-form", "data-typed-form": "" },
    csrfField(csrf),
    h(
      "div",
      { class: "danger-fields" },
      h(
        "div",
        { class: "eg-field" },
        h("label", { class: "eg-label", for: "word" }, "Type ", h("code", {}, word), " to confirm"),
        h("input", {
          class: "eg-input eg-mono",
          id: "word",
          name: "word",
          autocomplete: "off",
          autocapitalize: "none",
          spellcheck: false,
          required: true,
          "data-typed": word,
          ...invalid(errors.word, "word-error"),
        }),
        errorLine(errors.word, "word-error"),
      ),
      field({
        name: "password",
        label: "Your password",
        error: errors.password,
        input: { type: "password", autocomplete: "current-password", required: true },
      }),
    ),
    h(
      "div",
      { class: "eg-actions" },
      h(
        "button",
        { class: "eg-button eg-button-danger", type: "submit", "data-typed-button": "" },
        icon("trash"),
        `Delete ${formatCountOf(rows, "row")} and ${formatCountOf(objects, "object")}`,
      ),
      h("a", { class: "eg-button", href: "/" }, "Cancel"),
      h("span", { class: "eg-reason", "data-typed-reason": "", hidden: true }, "Type the word to enable the button."),
    ),
  );
}
