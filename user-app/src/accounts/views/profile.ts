import type { User } from "@elastic-gas/shared/accounts/users";
import { formatBytes, formatCount, formatCountOf } from "@elastic-gas/shared/format/numbers";
import { type FieldProps, field } from "@elastic-gas/shared/ui/field";
import { icon } from "@elastic-gas/shared/ui/parts";
import { type Child, fragment, type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../../web/page-context.ts";
import { csrfField } from "../../web/views/forms.ts";
import type { Usage } from "../account-queries.ts";
import type { EmailErrors } from "../email-pages.ts";

export interface ProfileProps {
  readonly user: User;
  /** For accounts that may use the manager: their address and password are changed there. */
  readonly managerUrl: string | undefined;
  readonly fields: readonly FieldProps[];
  readonly email: {
    readonly value: string;
    readonly errors: EmailErrors;
    /** False for accounts that sign in elsewhere. */
    readonly asksPassword: boolean;
  };
  /** Undefined for accounts that sign in elsewhere. */
  readonly password: { readonly old?: string | undefined; readonly new?: string | undefined } | undefined;
  readonly plan: {
    readonly name: string;
    /** `, $999.99 a week`; empty when nothing is paid. */
    readonly price: string;
    readonly paidUntil: Date | null;
    /** It does not renew then. */
    readonly ends: boolean;
    readonly customer: string | null;
    readonly chip: { readonly tone: string; readonly text: string } | undefined;
  };
  readonly isPaymentSetUp: boolean;
  readonly usage: Usage;
  readonly sessions: readonly {
    readonly name: string;
    readonly createdAt: Date;
    readonly seenAt: Date;
    readonly address: string | null;
  }[];
}

export function profileView(props: ProfileProps, page: PageContext): Html {
  return fragment(
    h("h1", {}, "Profile"),
    h(
      "form",
      { class: "eg-actions", method: "post", action: "/profile/export" },
      csrfField(page.csrf),
      h("a", { class: "eg-button", href: "/profile/tokens" }, icon("key"), "API tokens"),
      h("button", { class: "eg-button", type: "submit" }, icon("download"), "Download all your data"),
      props.managerUrl === undefined &&
        h("a", { class: "eg-button", href: "/profile/delete" }, icon("trash"), "Delete the account"),
    ),
    h(
      "div",
      { class: "app-halves" },
      h(
        "div",
        { class: "app-stack" },
        aboutPanel(props, page.csrf),
        props.managerUrl === undefined
          ? [
              emailPanel(props, page.csrf),
              props.password !== undefined && passwordPanel(props.user.username, props.password, page.csrf),
            ]
          : managerPanel(props.user, props.managerUrl),
      ),
      h(
        "div",
        { class: "app-stack" },
        planPanel(props, page),
        usagePanel(props.usage),
        sessionsPanel(props.sessions, page),
      ),
    ),
  );
}

/** Panels that only ask for something: nothing for paper. */
const FORMS: ReadonlySet<string> = new Set(["email-head", "password-head"]);

function panel(id: string, head: readonly Child[], ...content: readonly Child[]): Html {
  return h(
    "section",
    { class: FORMS.has(id) ? "eg-panel eg-screen" : "eg-panel", "aria-labelledby": id },
    h("div", { class: "eg-panel-head" }, ...head),
    ...content,
  );
}

function aboutPanel({ user, fields }: ProfileProps, csrf: string): Html {
  return panel(
    "you",
    [
      h("h2", { id: "you" }, "You"),
      h("span", { class: "eg-chip" }, user.username),
      user.isAdmin && h("span", { class: "eg-chip eg-chip-accent" }, "administrator"),
    ],
    h(
      "form",
      { class: "eg-form", method: "post", action: "/profile", "data-once": "Saving" },
      csrfField(csrf),
      fields.map(field),
      h("div", {}, h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Save")),
    ),
  );
}

function emailPanel({ user, email }: ProfileProps, csrf: string): Html {
  const { errors } = email;
  return panel(
    "email-head",
    [h("h2", { id: "email-head" }, "E-mail")],
    h(
      "form",
      { class: "eg-form", method: "post", action: "/profile/email", "data-once": "Sending" },
      csrfField(csrf),
      h("input", { type: "hidden", name: "username", autocomplete: "username", value: user.username }),
      field({
        name: "email",
        label: "Address",
        error: errors.email ?? (email.asksPassword ? undefined : errors.password),
        help: "Results and password resets are sent here. A new address counts once you have opened the link that is sent to it.",
        input: { type: "email", autocomplete: "email", maxlength: 254, value: email.value },
      }),
      email.asksPassword &&
        field({
          name: "password",
          label: "Your password",
          error: errors.password,
          input: { type: "password", autocomplete: "current-password", maxlength: 200, required: true },
        }),
      h("div", {}, h("button", { class: "eg-button", type: "submit" }, "Change address")),
    ),
  );
}

function managerPanel({ email }: User, managerUrl: string): Html {
  return panel(
    "manager-head",
    [h("h2", { id: "manager-head" }, "E-mail and password")],
    email !== null && h("p", {}, "Results are sent to ", h("strong", {}, email), "."),
    h("p", { class: "app-gap" }, "Your account may use the manager, so its address and password are changed there."),
    h(
      "p",
      { class: "eg-actions app-gap" },
      h("a", { class: "eg-button", href: `${managerUrl}/account` }, "Your account in the manager", icon("external")),
    ),
  );
}

function passwordPanel(username: string, errors: NonNullable<ProfileProps["password"]>, csrf: string): Html {
  return panel(
    "password-head",
    [h("h2", { id: "password-head" }, "Password")],
    h(
      "form",
      { class: "eg-form", method: "post", action: "/profile/password", "data-once": "Changing" },
      csrfField(csrf),
      // Tells password managers whose password this is.
      h("input", { type: "hidden", name: "username", autocomplete: "username", value: username }),
      field({
        name: "old",
        label: "Old password",
        error: errors.old,
        input: { type: "password", autocomplete: "current-password", maxlength: 200, required: true },
      }),
      field({
        name: "new",
        label: "New password",
        error: errors.new,
        help: "8 to 72 characters. You are signed out everywhere else.",
        input: { type: "password", autocomplete: "new-password", minlength: 8, maxlength: 72, required: true },
      }),
      h("div", {}, h("button", { class: "eg-button", type: "submit" }, "Change password")),
    ),
  );
}

function planPanel({ user, plan, isPaymentSetUp }: ProfileProps, page: PageContext): Html {
  const link =
    user.role === "premium_user"
      ? { href: "/unsubscribe", text: "Cancel Premium" }
      : { href: "/subscribe", text: "Upgrade to Premium" };
  return panel(
    "plan",
    [
      h("h2", { id: "plan" }, "Plan"),
      plan.chip !== undefined && h("span", { class: `eg-chip eg-chip-${plan.chip.tone}` }, plan.chip.text),
    ],
    h(
      "dl",
      { class: "eg-facts" },
      h("dt", {}, "Plan"),
      h("dd", {}, h("strong", {}, plan.name), plan.price),
      plan.paidUntil !== null && [
        h("dt", {}, plan.ends ? "Ends" : "Renews"),
        h("dd", {}, page.time(plan.paidUntil, "day")),
      ],
      plan.customer !== null && [h("dt", {}, "Customer"), h("dd", {}, h("code", {}, plan.customer))],
    ),
    plan.ends
      ? h(
          "form",
          { class: "app-gap", method: "post", action: "/subscribe/keep", "data-once": "Keeping" },
          csrfField(page.csrf),
          h("button", { class: "eg-button", type: "submit" }, "Keep Premium"),
        )
      : h("p", { class: "eg-actions app-gap" }, h("a", { class: "eg-button", href: link.href }, link.text)),
    plan.customer !== null &&
      isPaymentSetUp &&
      h(
        "form",
        { class: "app-gap", method: "post", action: "/profile/billing" },
        csrfField(page.csrf),
        h("button", { class: "eg-button", type: "submit" }, "Cards and invoices", icon("external")),
      ),
  );
}

function usagePanel(usage: Usage): Html {
  const archived = usage.archived === 0 ? "none" : formatCountOf(usage.archived, "result");
  const restoring = usage.restoring === 0 ? "" : `; ${formatCount(usage.restoring)} being restored`;
  const facts = [
    [
      "Jobs",
      `${formatCountOf(usage.jobs, "job")}, ${usage.unfinishedJobs === 0 ? "none" : formatCount(usage.unfinishedJobs)} running`,
    ],
    [
      "Stored",
      `${formatBytes(usage.inputBytes)} in inputs, ${formatBytes(usage.resultBytes)} in results, ${formatBytes(usage.photoBytes)} in photos`,
    ],
    ["Archived", `${archived}${restoring}`],
    ["Photos", `${formatCount(usage.photos)} checked`],
  ];
  return panel(
    "usage",
    [h("h2", { id: "usage" }, "Usage")],
    h(
      "dl",
      { class: "eg-facts" },
      facts.map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]),
    ),
  );
}

function sessionsPanel(sessions: ProfileProps["sessions"], page: PageContext): Html {
  return panel(
    "sessions",
    [
      h("h2", { id: "sessions" }, "Sessions"),
      h(
        "form",
        { class: "eg-end", method: "post", action: "/profile/sessions" },
        csrfField(page.csrf),
        h("button", { class: "eg-button eg-button-small", type: "submit" }, "Sign out everywhere else"),
      ),
    ],
    h(
      "ul",
      { class: "app-plain-list" },
      sessions.map(({ name, createdAt, seenAt, address }) =>
        h(
          "li",
          {},
          name,
          h("br", {}),
          h(
            "span",
            { class: "eg-small eg-secondary" },
            "signed in ",
            page.time(createdAt, "near"),
            ", last seen ",
            page.time(seenAt, "near"),
            address !== null && `, from ${address}`,
          ),
        ),
      ),
    ),
  );
}
