import { type Html, h } from "@elastic-gas/shared/web/html";
import type { PoolSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import { growRefusal, shrinkRefusal } from "../../model/fleet/refusals.ts";
import { icon } from "../kit/parts.ts";

/** As `ResizeBody` takes it. */
const LONGEST_REASON = 100;

/**
 * One worker more or less, with a reason for whoever reads the decisions later. One form of two buttons, so that it
 * works without script.
 */
export function resizeForm(pool: PoolSnapshot, csrf: string): Html {
  const { name } = pool;
  return h(
    "form",
    { method: "post", action: `/pools/${name}/grow`, class: "by-hand", "data-action": "" },
    h("input", { type: "hidden", name: "_csrf", value: csrf }),
    h("label", { class: "eg-label", for: "why" }, "Reason ", h("span", { class: "eg-secondary" }, "(optional)")),
    h("input", {
      class: "eg-input",
      id: "why",
      name: "why",
      maxlength: LONGEST_REASON,
      autocomplete: "off",
      "aria-describedby": "why-help",
    }),
    h("p", { class: "eg-help", id: "why-help" }, "Kept with the change and shown in the decisions."),
    h(
      "div",
      { class: "eg-actions" },
      // The first button is the one that Enter in the field presses: of the two the one that ends nothing.
      resizeButton(`/pools/${name}/grow`, "Grow", growRefusal(pool)),
      resizeButton(`/pools/${name}/shrink`, "Shrink", shrinkRefusal(pool)),
    ),
  );
}

function resizeButton(action: string, verb: "Grow" | "Shrink", refusal: string | null): Html {
  return h(
    "button",
    {
      type: "submit",
      class: "eg-button",
      formaction: action,
      disabled: refusal !== null,
      title: refusal === null ? undefined : `${verb} by 1: ${refusal}`,
    },
    icon(verb === "Grow" ? "plus" : "minus"),
    `${verb} by 1`,
  );
}
