import { type AttributesOf, type Child, type Html, h } from "@elastic-gas/shared/web/html";

/** The hidden field that shows that a form is ours. */
export function csrfField(token: string): Html {
  return hiddenField("_csrf", token);
}

export function hiddenField(name: string, value: string): Html {
  return h("input", { type: "hidden", name, value });
}

export interface FieldProps {
  /** Id and name of the input. */
  readonly name: string;
  readonly label: Child;
  readonly error?: string | undefined;
  readonly help?: string | undefined;
  readonly input?: InputAttributes;
}

/** What an input of ours may be given, beside what `field` gives it. */
export interface InputAttributes {
  readonly type?: "text" | "email" | "password";
  readonly value?: string;
  readonly autocomplete?: string;
  readonly autocapitalize?: "none";
  readonly inputmode?: "numeric";
  readonly minlength?: number;
  readonly maxlength?: number;
  readonly required?: boolean;
  readonly spellcheck?: boolean;
}

/** A label, its input, what is wrong with it, and a line of help. */
export function field({ name, label, error, help, input = {} }: FieldProps): Html {
  const attributes: InputAttributes = { type: "text", ...input };
  return h(
    "div",
    { class: "eg-field" },
    h("label", { class: "eg-label", for: name }, label),
    h("input", {
      class: "eg-input",
      id: name,
      name,
      ...attributes,
      ...invalid(error, `${name}-error`),
      // The element's own types are one for each kind of input, and this is any of three.
    } as AttributesOf<"input">),
    errorLine(error, `${name}-error`),
    help !== undefined && h("p", { class: "eg-help" }, help),
  );
}

/** Attributes of an input with an error that stands in the element `id`. */
export function invalid(error: string | undefined, id: string) {
  return error === undefined ? {} : ({ "aria-invalid": "true", "aria-describedby": id } as const);
}

export function errorLine(error: string | undefined, id: string): Child {
  return error !== undefined && h("p", { class: "eg-error", id, role: "alert" }, error);
}

/** A choice of one; the chosen one is selected without script. */
export function options(values: readonly string[], chosen: string | undefined): readonly Html[] {
  return values.map((value) => h("option", { value, selected: value === chosen }, value));
}
