import { invalid } from "@elastic-gas/shared/ui/field";
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

/** For the address of a file, with what was refused; `errorLine` with the id `<id>-error` says why. */
export function addressInput(
  id: string,
  refused: { readonly address?: string; readonly sentence: string } | undefined,
): Html {
  return h("input", {
    class: "eg-input",
    id,
    name: "url",
    type: "url",
    inputmode: "url",
    maxlength: 2_000,
    placeholder: "https://",
    required: true,
    value: refused?.address ?? "",
    ...invalid(refused?.sentence, `${id}-error`),
  });
}
