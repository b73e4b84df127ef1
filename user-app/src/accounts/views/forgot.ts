import { formatDuration } from "@elastic-gas/shared/format/durations";
import { field } from "@elastic-gas/shared/ui/field";
import { note } from "@elastic-gas/shared/ui/parts";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { csrfField } from "../../web/views/forms.ts";

export type ForgotProps =
  | { readonly kind: "ask"; readonly token: string; readonly error?: string | undefined }
  | { readonly kind: "sent"; readonly validSeconds: number };

export function forgotView(props: ForgotProps): Html {
  return h(
    "section",
    { class: "eg-panel app-panel-wide app-narrow", "aria-labelledby": "forgot" },
    h("h1", { id: "forgot" }, "Forgotten password"),
    props.kind === "sent"
      ? note({
          tone: "ok",
          start: "If an account has this address, an e-mail is on its way.",
          text: `Its link works once and for ${formatDuration(props.validSeconds)}.`,
        })
      : h(
          "form",
          { class: "eg-form", method: "post", action: "/forgot", "data-once": "Sending" },
          csrfField(props.token),
          field({
            name: "email",
            label: "E-mail address of your account",
            error: props.error,
            help: "We send a link to set a new password there. An account without an address: ask an administrator for a new password.",
            input: { type: "email", autocomplete: "email", maxlength: 254, required: true },
          }),
          h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Send the link"),
        ),
    h("p", {}, h("a", { href: "/login" }, "Back to sign-in")),
  );
}
