import { note } from "@elastic-gas/shared/ui/parts";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { csrfField } from "../../web/views/forms.ts";

export type EmailProps =
  | { readonly kind: "usable"; readonly token: string; readonly username: string; readonly email: string }
  | { readonly kind: "done"; readonly username: string; readonly email: string }
  | { readonly kind: "over" };

export function emailView(props: EmailProps): Html {
  return h(
    "section",
    { class: "eg-panel app-panel-wide app-narrow", "aria-labelledby": "email" },
    h("h1", { id: "email" }, "New e-mail address"),
    content(props),
  );
}

function content(props: EmailProps): Html {
  switch (props.kind) {
    case "usable":
      return h(
        "form",
        { class: "eg-form", method: "post", "data-once": "Confirming" },
        csrfField(props.token),
        h(
          "p",
          {},
          "E-mail for the account ",
          h("strong", {}, props.username),
          " will go to ",
          h("strong", {}, props.email),
          ".",
        ),
        h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Confirm the address"),
      );
    case "done":
      return note({
        tone: "ok",
        start: `E-mail for ${props.username} goes to ${props.email} from now on.`,
        action: { href: "/profile", text: "Your profile" },
      });
    case "over":
      return note({
        tone: "warn",
        start: "This link has already been used or has expired.",
        text: "A link works once. A newer one, or a new password, ends it as well.",
        action: { href: "/profile", text: "Ask for a new one" },
      });
  }
}
