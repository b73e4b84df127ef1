import { renderInto } from "@elastic-gas/shared/ui/render-into";
import { fragment, h } from "@elastic-gas/shared/web/html";
import type { ChartSnapshot } from "../../model/charts/chart-snapshot.ts";
import { MARK_WORDS, type Mark, type Occurrence } from "../../model/decisions/occurrence.ts";
import { type Reader, when } from "../../model/reader.ts";

/** Flags closer than this merge into one with their number. */
const MERGE_PIXELS = 18;
const CLASSES: Readonly<Record<Mark, string>> = {
  G: "grow",
  S: "shrink",
  M: "manual",
  R: "replaced",
  P: "policy",
  I: "policy",
};

/** Lettered flags above a plot: a link to the decision; hovering shows its sentence. */
export function drawFlags(
  row: HTMLElement,
  { events, pool, span }: ChartSnapshot,
  pixelOf: (at: number) => number,
  reader: Reader,
): void {
  const groups: { at: number; events: Occurrence[] }[] = [];
  for (const event of events) {
    const at = pixelOf(event.at);
    if (event.at < span.from || event.at > span.to) continue;
    const last = groups.at(-1);
    if (last !== undefined && at - last.at < MERGE_PIXELS) last.events.push(event);
    else groups.push({ at, events: [event] });
  }
  renderInto(
    row,
    fragment(
      groups.map(({ events: [first, ...more] }) => {
        const all = first === undefined ? [] : [first, ...more];
        const sentence = all.map((event) => `${when(event.at, reader)} ${event.sentence}`).join("\n");
        const mark = first === undefined ? "G" : first.mark;
        return h(
          "a",
          {
            class: `chart-flag eg-mark eg-mark-${more.length > 0 ? "policy" : CLASSES[mark]}`,
            key: all.map((event) => event.id).join(" "),
            // The list is newest first, so below the newest of them lie the others.
            href: `/decisions?pool=${pool}&range=${span.range}#${all.at(-1)?.id ?? ""}`,
            title: sentence,
            "aria-label": `${more.length > 0 ? `${all.length} changes` : MARK_WORDS[mark]}: ${sentence}`,
          },
          more.length > 0 ? String(all.length) : mark,
        );
      }),
    ),
  );
  // A policy forbids style attributes; the style property is free.
  groups.forEach(({ at }, index) => {
    const flag = row.children[index];
    if (flag instanceof HTMLElement) flag.style.left = `${Math.round(at)}px`;
  });
}
