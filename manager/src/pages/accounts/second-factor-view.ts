import type { Enrolment } from "@elastic-gas/shared/accounts/second-factor";
import { field } from "@elastic-gas/shared/ui/field";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { encode } from "uqr";
import type { ViewContext } from "../frame/send-page.ts";
import { csrfField, icon, note } from "../kit/parts.ts";
import { codeField } from "./code-view.ts";

export type SecondFactorState =
  | { readonly kind: "off"; readonly error?: string }
  | { readonly kind: "on"; readonly recoveryCodes: number; readonly error?: string };

/** The panel of the account page. */
export function secondFactorPanel(state: SecondFactorState, { csrf }: ViewContext): Html {
  return h(
    "section",
    { class: "eg-panel narrow-panel", "aria-labelledby": "second-factor" },
    h("div", { class: "eg-panel-head" }, h("h2", { id: "second-factor" }, "Second step at sign-in")),
    state.kind === "off"
      ? h(
          "form",
          { method: "post", action: "/account/second-factor", class: "eg-form" },
          csrfField(csrf),
          h("p", {}, "An authenticator app shows a code that is asked for after your password. It is off."),
          field({
            name: "password",
            id: "begin-password",
            label: "Your password",
            error: state.error,
            input: { type: "password", autocomplete: "current-password", required: true },
          }),
          h("div", { class: "eg-actions" }, h("button", { class: "eg-button", type: "submit" }, "Set it up")),
        )
      : h(
          "form",
          { method: "post", action: "/account/second-factor/end", class: "eg-form" },
          csrfField(csrf),
          h("p", {}, `It is on. ${state.recoveryCodes} of your recovery codes are left.`),
          field({
            name: "password",
            id: "end-password",
            label: "Your password",
            error: state.error,
            input: { type: "password", autocomplete: "current-password", required: true },
          }),
          h("div", { class: "eg-actions" }, h("button", { class: "eg-button", type: "submit" }, "Switch it off")),
        ),
  );
}

/** To be put into an app and confirmed. `error` is empty before the first attempt. */
export function enrolmentView({ uri, secret }: Enrolment, error: string, { csrf }: ViewContext): Html[] {
  return [
    h("div", { class: "page-head" }, h("h1", {}, "Second step at sign-in")),
    h(
      "section",
      { class: "eg-panel narrow-panel", "aria-label": "Set it up" },
      h(
        "form",
        { method: "post", action: "/account/second-factor/confirm", class: "eg-form" },
        csrfField(csrf),
        h("p", {}, "1. Scan this with your authenticator app, or type the key into it."),
        qrCode(uri),
        h("p", {}, h("code", { class: "second-factor-key" }, (secret.match(/.{1,4}/g) ?? []).join(" "))),
        h("p", {}, "2. Type the code that the app shows now."),
        error !== "" && note({ tone: "bad", glyph: "warning", text: error }),
        codeField("Code"),
        h(
          "div",
          { class: "eg-actions" },
          h("button", { class: "eg-button eg-button-primary", type: "submit" }, "Switch it on"),
          h("a", { class: "eg-button", href: "/account" }, "Not now"),
        ),
      ),
    ),
  ];
}

export function recoveryCodesView(codes: readonly string[]): Html[] {
  return [
    h("div", { class: "page-head" }, h("h1", {}, "The second step is on")),
    h(
      "section",
      { class: "eg-panel narrow-panel", "aria-labelledby": "recovery" },
      h("div", { class: "eg-panel-head" }, h("h2", { id: "recovery" }, "Recovery codes")),
      h(
        "p",
        {},
        "Each works once in place of a code when the app is lost. Keep them in a safe place: they are shown only now. You are signed out everywhere else.",
      ),
      h(
        "ul",
        { class: "recovery-codes" },
        codes.map((code) => h("li", {}, h("code", {}, code))),
      ),
      h(
        "p",
        { class: "eg-actions" },
        h("a", { class: "eg-button eg-button-primary", href: "/account" }, icon("check"), "Kept"),
      ),
    ),
  ];
}

/** Dark on white in both themes: cameras read nothing else. */
function qrCode(text: string): Html {
  const { size, data } = encode(text, { border: 4, ecc: "M" });
  const squares = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return h(
    "svg",
    {
      class: "qr-code",
      width: 200,
      height: 200,
      viewBox: `0 0 ${size} ${size}`,
      role: "img",
      "aria-label": "QR code of the key below",
    },
    h("rect", { width: size, height: size, fill: "#fff" }),
    h("path", { d: squares.join(""), fill: "#000" }),
  );
}
