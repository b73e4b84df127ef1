import type { ChannelKind } from "@elastic-gas/shared/database/tables";
import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import { errorLine, field, invalid } from "@elastic-gas/shared/ui/field";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import { type Channel, settingsMark, shownTarget } from "../../features/alert-channels/channels.ts";
import { ALERT_EVENT_NAMES, ALERT_EVENTS } from "../../model/alerts/alert-events.ts";
import { formatClock } from "../../model/alerts/quiet-hours.ts";
import type { DeliveryRow } from "../../read/alert-deliveries.ts";
import type { ViewContext } from "../frame/send-page.ts";
import type { FieldErrors } from "../kit/field-errors.ts";
import { csrfField, empty, state, tableBox, time } from "../kit/parts.ts";

/** A form that was sent and not taken: shown again as it was filled in. */
export interface RefusedForm {
  readonly form: "new" | number;
  readonly errors: FieldErrors;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface ChannelsPage {
  readonly channels: readonly Channel[];
  readonly deliveries: readonly DeliveryRow[];
  readonly refused: RefusedForm | undefined;
}

const KINDS: Readonly<Record<ChannelKind, readonly [string, string]>> = {
  mail: ["E-mail", "An e-mail address."],
  chat: ["Chat", "An incoming webhook of Slack, Mattermost or Discord."],
  webhook: ["Webhook", "An address of your own; every message is signed."],
};
/** What a channel wants that is added without a choice. */
const USUAL_EVENTS: readonly string[] = ALERT_EVENT_NAMES.filter((name) => name !== "grow" && name !== "shrink");

export function channelsView({ channels, deliveries, refused }: ChannelsPage, context: ViewContext): Child[] {
  return [
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Alert channels"),
      h("p", { class: "page-link" }, h("a", { href: "/alerts" }, "Alerts")),
    ),
    h(
      "div",
      { class: "list-grid" },
      h(
        "div",
        { class: "stack-wide" },
        channels.length === 0
          ? h(
              "div",
              { class: "eg-panel" },
              empty(
                "bell",
                "Nobody is told yet",
                "Add a channel: alerts then reach people who do not look at this page.",
              ),
            )
          : channels.map((channel) => channelPanel(channel, refused, context)),
        deliveries.length > 0 && deliveryPanel(deliveries, context),
      ),
      newChannelPanel(refused, context),
    ),
  ];
}

function channelPanel(channel: Channel, refused: RefusedForm | undefined, context: ViewContext): Html {
  const { id, name, kind, events, quiet } = channel;
  const own = refused?.form === id ? refused : undefined;
  const button = (verb: string, words: string, confirm?: string): Html =>
    h(
      "form",
      { method: "post", action: `/alerts/channels/${id}/${verb}`, "data-confirm-form": confirm },
      csrfField(context.csrf),
      h("button", { type: "submit", class: "eg-button eg-button-small" }, words),
    );
  return h(
    "section",
    { class: "eg-panel", "aria-label": `Channel ${name}`, id: `channel-${id}` },
    h(
      "div",
      { class: "eg-panel-head" },
      h("h2", {}, name),
      h("span", { class: "eg-chip" }, KINDS[kind][0]),
      h(
        "span",
        { class: "eg-end channel-buttons" },
        button("test", "Send a test"),
        button("delete", "Remove", `Remove ${name}? Nothing is sent there any more.`),
      ),
    ),
    h("p", {}, "To ", h("b", {}, shownTarget(channel)), `: ${events.map((event) => ALERT_EVENTS[event]).join("; ")}.`),
    quiet !== null &&
      h(
        "p",
        { class: "eg-secondary" },
        `Quiet from ${formatClock(quiet.from)} to ${formatClock(quiet.to)} (${quiet.zone}); alerts that last are sent afterwards.`,
      ),
    h(
      "details",
      { open: own !== undefined },
      h("summary", {}, "Change"),
      h(
        "form",
        { method: "post", action: `/alerts/channels/${id}`, class: "eg-form" },
        csrfField(context.csrf),
        h("input", { type: "hidden", name: "seen", value: String(own?.values.seen ?? settingsMark(channel)) }),
        settingsFields(
          `channel-${id}`,
          {
            name,
            events,
            from: quiet === null ? "" : formatClock(quiet.from),
            to: quiet === null ? "" : formatClock(quiet.to),
            zone: quiet?.zone ?? context.reader.timeZone,
          },
          own,
          context,
        ),
        h(
          "div",
          { class: "eg-actions" },
          h("button", { type: "submit", class: "eg-button eg-button-primary" }, "Save"),
        ),
      ),
    ),
  );
}

interface Settings {
  readonly name: string;
  readonly events: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly zone: string;
}

function settingsFields(
  prefix: string,
  stored: Settings,
  refused: RefusedForm | undefined,
  { reader }: ViewContext,
): Child[] {
  const text = (name: string, otherwise: string): string =>
    refused === undefined ? otherwise : String(refused.values[name] ?? "");
  const errors: FieldErrors = refused?.errors ?? new Map();
  const events = refused === undefined ? stored.events : [refused.values.events ?? []].flat().map(String);
  const clock = (name: "quietFrom" | "quietTo", label: string, value: string): Html =>
    h(
      "div",
      {},
      h("label", { class: "eg-label", for: `${prefix}-${name}` }, label),
      h("input", {
        class: "eg-input",
        type: "time",
        id: `${prefix}-${name}`,
        name,
        value: text(name, value),
        ...invalid(errors.get(name), `${prefix}-${name}-error`),
      }),
    );
  return [
    field({
      name: "name",
      id: `${prefix}-name`,
      label: "Name",
      error: errors.get("name"),
      input: { required: true, maxlength: 100, autocomplete: "off", value: text("name", stored.name) },
    }),
    h(
      "fieldset",
      { class: "eg-field" },
      h("legend", { class: "eg-label" }, "Tell when"),
      ALERT_EVENT_NAMES.map((name) =>
        h(
          "label",
          { class: "eg-check" },
          h("input", { type: "checkbox", name: "events", value: name, checked: events.includes(name) }),
          ` ${ALERT_EVENTS[name]}`,
        ),
      ),
      errorLine(errors.get("events"), `${prefix}-events-error`),
    ),
    h(
      "fieldset",
      { class: "eg-field" },
      h("legend", { class: "eg-label" }, "Quiet hours (optional)"),
      h("div", { class: "channel-quiet" }, clock("quietFrom", "from", stored.from), clock("quietTo", "to", stored.to)),
      zoneField(`${prefix}-quietZone`, [...new Set([stored.zone, reader.timeZone])], text("quietZone", stored.zone)),
      errorLine(errors.get("quietFrom"), `${prefix}-quietFrom-error`),
      errorLine(errors.get("quietTo"), `${prefix}-quietTo-error`),
      errorLine(errors.get("quietZone"), `${prefix}-quietZone-error`),
    ),
  ];
}

/** Quiet hours keep the zone in which they were set, whoever changes something else of the channel. */
function zoneField(id: string, zones: readonly string[], chosen: string): Html {
  const [only] = zones;
  if (zones.length === 1) {
    return h(
      "p",
      { class: "eg-help" },
      h("input", { type: "hidden", name: "quietZone", value: only }),
      `Times in ${only}.`,
    );
  }
  return h(
    "div",
    {},
    h("label", { class: "eg-label", for: id }, "in the time zone"),
    h(
      "select",
      { class: "eg-select", id, name: "quietZone" },
      zones.map((zone) => h("option", { value: zone, selected: zone === chosen }, zone)),
    ),
  );
}

function newChannelPanel(refused: RefusedForm | undefined, context: ViewContext): Html {
  const own = refused?.form === "new" ? refused : undefined;
  const errors: FieldErrors = own?.errors ?? new Map();
  const chosen = String(own?.values.kind ?? "mail");
  return h(
    "section",
    { class: "eg-panel eg-screen", "aria-label": "New channel" },
    h("div", { class: "eg-panel-head" }, h("h2", {}, "New channel")),
    h(
      "form",
      { method: "post", action: "/alerts/channels", class: "eg-form" },
      csrfField(context.csrf),
      h(
        "fieldset",
        { class: "eg-field" },
        h("legend", { class: "eg-label" }, "Kind"),
        Object.entries(KINDS).map(([kind, [label, help]]) =>
          h(
            "label",
            { class: "eg-check" },
            h("input", { type: "radio", name: "kind", value: kind, checked: kind === chosen }),
            h("span", {}, ` ${label}. `, h("span", { class: "eg-secondary" }, help)),
          ),
        ),
        errorLine(errors.get("kind"), "new-kind-error"),
      ),
      field({
        name: "target",
        id: "new-target",
        label: "E-mail or web address",
        error: errors.get("target"),
        help: "Web addresses must be public; messages follow no redirects.",
        input: { required: true, maxlength: 500, autocomplete: "off", value: String(own?.values.target ?? "") },
      }),
      settingsFields(
        "new",
        { name: "", events: USUAL_EVENTS, from: "", to: "", zone: context.reader.timeZone },
        own,
        context,
      ),
      h(
        "div",
        { class: "eg-actions" },
        h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Add channel"),
      ),
    ),
  );
}

const STATES = { waiting: "pending", sent: "completed", failed: "failed" } as const;

function deliveryPanel(deliveries: readonly DeliveryRow[], { reader }: ViewContext): Html {
  return h(
    "section",
    { class: "eg-panel eg-panel-flush", "aria-label": "Deliveries" },
    h("div", { class: "eg-panel-head" }, h("h2", {}, "Deliveries")),
    tableBox(
      "Table of deliveries",
      h(
        "table",
        { class: "eg-table" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["State", "Time", "Channel", "Alert", "Answer"].map((head) => h("th", {}, head)),
          ),
        ),
        h(
          "tbody",
          {},
          deliveries.map((row) =>
            h(
              "tr",
              {},
              h("td", { class: "eg-nowrap" }, state(STATES[row.state], row.state)),
              h("td", { class: "eg-nowrap" }, row.state === "waiting" && "next ", time(row.at, reader)),
              h("td", {}, row.channel),
              h("td", { class: "audit-detail" }, row.phase === "cleared" && "Over: ", row.title),
              h("td", {}, row.result ?? "", row.attempts > 1 && ` (${formatCountOf(row.attempts, "attempt")})`),
            ),
          ),
        ),
      ),
    ),
  );
}
