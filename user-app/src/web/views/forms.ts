import { type Html, h } from "@elastic-gas/shared/web/html";

/** The hidden field that shows that a form is ours. */
export function csrfField(token: string): Html {
  return hiddenField("_csrf", token);
}

export function hiddenField(name: string, value: string): Html {
  return h("input", { type: "hidden", name, value });
}

/** A choice of one; the chosen one is selected without script. */
export function options(values: readonly string[], chosen: string | undefined): readonly Html[] {
  return values.map((value) => h("option", { value, selected: value === chosen }, value));
}
