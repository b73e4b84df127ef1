import { type AttributesOf, type Child, type Html, h } from "../web/html.ts";

export interface FieldProps {
  /** Of the input, and its id unless another is given. */
  readonly name: string;
  readonly id?: string;
  readonly label: Child;
  readonly error?: string | undefined;
  readonly help?: Child;
  readonly input?: InputAttributes;
}

/** What an input of ours may be given, beside what `field` gives it. */
export interface InputAttributes {
  readonly type?: "text" | "email" | "password";
  readonly value?: string;
  readonly autocomplete?: string;
  readonly autocapitalize?: "none";
  readonly autofocus?: boolean;
  readonly inputmode?: "numeric";
  readonly minlength?: number;
  readonly maxlength?: number;
  readonly required?: boolean;
  readonly spellcheck?: boolean;
}

/** A label, its input, what is wrong with it, and a line of help. */
export function field({ name, id = name, label, error, help, input = {} }: FieldProps): Html {
  const attributes: InputAttributes = { type: "text", ...input };
  return h(
    "div",
    { class: "eg-field" },
    h("label", { class: "eg-label", for: id }, label),
    h("input", {
      class: "eg-input",
      id,
      name,
      ...attributes,
      ...invalid(error, `${id}-error`),
      // The element's own types are one for each kind of input, and this is any of three.
    } as AttributesOf<"input">),
    errorLine(error, `${id}-error`),
    help != null && h("p", { class: "eg-help" }, help),
  );
}

/** Attributes of an input with an error that stands in the element `id`. */
export function invalid(error: string | undefined, id: string) {
  return error === undefined ? {} : ({ "aria-invalid": "true", "aria-describedby": id } as const);
}

export function errorLine(error: string | undefined, id: string): Child {
  return error !== undefined && h("p", { class: "eg-error", id, role: "alert" }, error);
}
