import { note } from "@elastic-gas/shared/ui/parts";
import { UNSENT } from "@elastic-gas/shared/ui/states";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { type SignInFormProps, signInForm } from "./sign-in-form.ts";

export function loginView(form: SignInFormProps, { unsent = false } = {}): Html {
  return h(
    "section",
    { class: "eg-panel app-panel-wide app-narrow", "aria-labelledby": "sign-in" },
    h("h1", { id: "sign-in" }, "Sign in"),
    unsent && note(UNSENT),
    signInForm(form),
  );
}
