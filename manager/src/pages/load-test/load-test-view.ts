import { SHAPE_NAMES, SHAPES } from "@elastic-gas/loadgen/shapes";
import { formatCount } from "@elastic-gas/shared/format/numbers";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import { type LoadTestSnapshot, MAX_MINUTES, MAX_RATE, totalOf } from "../../model/load-test/load-test-snapshot.ts";
import { chartPanel } from "../charts/chart-panel.ts";
import type { ViewContext } from "../frame/send-page.ts";
import { csrfField, empty, icon, mayAct, time } from "../kit/parts.ts";
import { loadChart } from "./load-chart.ts";

export interface LoadTestPage {
  readonly test: LoadTestSnapshot | null;
  /** What was sent with a refused form. */
  readonly given: { readonly rate: string; readonly minutes: string; readonly shape: string };
  readonly errors: Readonly<Record<string, string>>;
}

const RANGE = "30m";

export function loadTestView(page: LoadTestPage, context: ViewContext): Child[] {
  return [
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Load test"),
      h(
        "p",
        { class: "page-link eg-secondary" },
        "Sends the project’s own photos to this installation’s load balancer, and to no other address",
      ),
    ),
    h(
      "div",
      { class: "list-grid load-page" },
      h("div", { class: "stack-wide", "data-refresh": "" }, resultOf(page.test, context)),
      h("div", { class: "stack-wide load-start" }, mayAct(context.csrf) && startForm(page, context)),
      h(
        "div",
        { class: "stack-wide", "data-part": "charts" },
        chartPanel("workers", "web", RANGE),
        chartPanel("cpu", "web", RANGE),
      ),
    ),
  ];
}

function resultOf(test: LoadTestSnapshot | null, context: ViewContext): Child {
  if (test === null) {
    return h(
      "section",
      { class: "eg-panel", "aria-label": "Load test" },
      empty("play", "No load test yet", "Start one to see the web pool grow and, afterwards, shrink again."),
    );
  }
  const { buckets, bucketSeconds, minutes } = test;
  const seconds = minutes * 60;
  const perSecond = (count: number): number => count / bucketSeconds;
  // The bucket under way is not full yet: its rates would dip.
  const full = test.endedAt === null ? buckets.slice(0, -1) : buckets;
  const rateLine = (
    name: string,
    tone: "line" | "ok" | "warn" | "bad",
    key: "sent" | "succeeded" | "refused" | "failed",
  ) => ({
    name,
    tone,
    points: full.map((bucket) => ({ at: bucket.at, value: perSecond(bucket[key]) })),
  });
  const secondsOf = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
  return [
    summaryPanel(test, context),
    h(
      "div",
      { class: "load-charts" },
      loadChart({
        title: "Photos a second, by when they were sent",
        seconds,
        lines: [
          rateLine("sent", "line", "sent"),
          rateLine("succeeded", "ok", "succeeded"),
          rateLine("refused", "warn", "refused"),
          rateLine("failed", "bad", "failed"),
        ],
      }),
      loadChart({
        title: "Time to the answer, in seconds",
        seconds,
        lines: [
          { name: "median", tone: "ok", points: full.map(({ at, medianMs }) => ({ at, value: secondsOf(medianMs) })) },
          {
            name: "95\u00a0% within",
            tone: "warn",
            points: full.map(({ at, p95Ms }) => ({ at, value: secondsOf(p95Ms) })),
          },
        ],
      }),
    ),
  ];
}

function summaryPanel(test: LoadTestSnapshot, { reader, csrf }: ViewContext): Html {
  const { buckets, by, startedAt, endedAt, end, rate, minutes, shape, target, answers } = test;
  const figures = [
    ["Sent", totalOf(buckets, "sent")],
    ["Succeeded", totalOf(buckets, "succeeded")],
    ["Refused", totalOf(buckets, "refused")],
    ["Failed", totalOf(buckets, "failed")],
  ] as const;
  return h(
    "section",
    { class: "eg-panel", "aria-label": "Load test" },
    h(
      "div",
      { class: "eg-panel-head" },
      h("h2", {}, endedAt === null ? "Running" : "Latest load test"),
      endedAt === null &&
        mayAct(csrf) &&
        h(
          "form",
          { method: "post", action: "/load-test/stop", class: "eg-end" },
          csrfField(csrf),
          h("button", { type: "submit", class: "eg-button eg-button-small" }, icon("stop"), "End now"),
        ),
    ),
    h(
      "p",
      {},
      `Up to ${rate} ${rate === 1 ? "photo" : "photos"} a second for ${minutes}\u00a0min, ${shape}, to ${target}; started by ${by} `,
      time(startedAt, reader),
      ".",
      endedAt !== null && [" ", end, " at ", time(endedAt, reader), "."],
    ),
    h(
      "dl",
      { class: "load-figures" },
      figures.map(([name, count]) => h("div", {}, h("dt", {}, name), h("dd", {}, formatCount(count)))),
    ),
    answers.length > 0 &&
      h(
        "p",
        { class: "eg-small eg-secondary" },
        `Answers by status: ${answers.map(({ what, count }) => `${what}: ${count}`).join("; ")}.`,
      ),
  );
}

function startForm({ given, errors }: LoadTestPage, { csrf }: ViewContext): Html {
  return h(
    "section",
    { class: "eg-panel eg-screen", "aria-label": "New load test" },
    h("div", { class: "eg-panel-head" }, h("h2", {}, "New load test")),
    h(
      "form",
      { method: "post", action: "/load-test/start", class: "eg-form" },
      csrfField(csrf),
      numberField(
        {
          name: "rate",
          label: "Photos a second at the peak",
          help: `0.1 to ${MAX_RATE}. One worker of a small machine takes about 1.`,
        },
        given.rate,
        errors.rate,
      ),
      numberField(
        { name: "minutes", label: "Duration in minutes", help: `1 to ${MAX_MINUTES}.` },
        given.minutes,
        errors.minutes,
      ),
      h(
        "div",
        { class: "eg-field" },
        h("label", { class: "eg-label", for: "load-shape" }, "Shape"),
        h(
          "select",
          { class: "eg-select", id: "load-shape", name: "shape", "aria-describedby": "load-shape-help" },
          SHAPE_NAMES.map((name) => h("option", { value: name, selected: name === given.shape }, name)),
        ),
        errors.shape !== undefined && h("p", { class: "eg-error", role: "alert" }, errors.shape),
        h(
          "ul",
          { class: "eg-help load-shapes", id: "load-shape-help" },
          SHAPE_NAMES.map((name) => h("li", {}, h("b", {}, name), `: ${SHAPES[name]}`)),
        ),
      ),
      h("p", { class: "eg-help" }, "It sends as the user load-test, whose photos go when that user is deleted."),
      h(
        "div",
        { class: "eg-actions" },
        h("button", { class: "eg-button eg-button-primary", type: "submit" }, icon("play"), "Start load test"),
      ),
    ),
  );
}

function numberField(
  { name, label, help }: { readonly name: string; readonly label: string; readonly help: string },
  value: string,
  error: string | undefined,
): Html {
  const id = `load-${name}`;
  return h(
    "div",
    { class: "eg-field" },
    h("label", { class: "eg-label", for: id }, label),
    h("input", {
      class: "eg-input",
      id,
      name,
      inputmode: "decimal",
      required: true,
      defaultValue: value,
      "aria-describedby": `${id}-help`,
      "aria-invalid": error === undefined ? undefined : "true",
    }),
    error !== undefined && h("p", { class: "eg-error", role: "alert" }, error),
    h("p", { class: "eg-help", id: `${id}-help` }, help),
  );
}
