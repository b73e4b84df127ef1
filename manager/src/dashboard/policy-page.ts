import { settleLimit } from "../model/policy/settle-margin.ts";

/** Says beside each field what it was, counts the changes, and keeps the save button honest. */
export function mountPolicyPage(form: HTMLFormElement, onChange: () => void): void {
  const words = form.querySelector("[data-save-words]");
  const save = form.querySelector<HTMLButtonElement>("[data-save]");
  const discard = form.querySelector<HTMLElement>("[data-discard]");
  const otherRule = (form.elements.namedItem("kind") as HTMLInputElement | null)?.value; // a hidden input of our own
  const inForce = form.dataset.kind;
  const update = (): void => {
    let changed = otherRule === inForce ? 0 : 1;
    for (const input of form.querySelectorAll<HTMLInputElement>("input[data-was]")) {
      const differs = isDifferent(input);
      if (differs) changed += 1;
      const was = form.querySelector<HTMLElement>(`[data-was-of="${input.name}"]`);
      if (was !== null) was.hidden = !differs || input.dataset.was === "";
    }
    if (words !== null) {
      words.textContent = changed === 0 ? "No changes yet." : changed === 1 ? "1 change." : `${changed} changes.`;
    }
    if (save !== null) save.disabled = changed === 0;
    showSettleLimit(form);
    if (discard !== null) discard.hidden = changed === 0;
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  form.addEventListener("input", (event) => {
    const input = event.target instanceof HTMLInputElement ? event.target : null;
    // The server's reason was about the value before.
    if (input !== null) clearError(form, input);
    update();
    clearTimeout(timer);
    timer = setTimeout(onChange, SETTLE_MS);
  });
  update();
}

const SETTLE_MS = 300;

function isDifferent(input: HTMLInputElement): boolean {
  if (input.type === "checkbox") return (input.checked ? "on" : "") !== input.dataset.was;
  const was = input.dataset.was ?? "";
  const value = input.value.trim().replace(",", ".");
  return value !== was && !(value !== "" && was !== "" && Number(value) === Number(was));
}

/** Says what grow threshold and settle margin come to. */
function showSettleLimit(form: HTMLFormElement): void {
  const output = form.querySelector("[data-settle-limit]");
  if (output === null) return;
  const growThresholdPercent = numberIn(form, "growThresholdPercent");
  const hysteresisMarginPercent = numberIn(form, "hysteresisMarginPercent");
  if (growThresholdPercent > 0 && hysteresisMarginPercent > 0)
    output.textContent = settleLimit({ growThresholdPercent, hysteresisMarginPercent });
}

/** What a field of the form says; NaN when that is no number. */
export function numberIn(form: HTMLFormElement, name: string): number {
  const input = form.elements.namedItem(name);
  return input instanceof HTMLInputElement ? Number(input.value.trim().replace(",", ".")) : Number.NaN;
}

/** Puts the server's reasons beside the fields. */
export function showErrors(form: HTMLFormElement, errors: Readonly<Record<string, string>>): void {
  for (const place of form.querySelectorAll<HTMLElement>("[data-error-of]")) {
    const name = place.dataset.errorOf ?? "";
    const reason = errors[name];
    place.hidden = reason === undefined;
    place.textContent = reason ?? "";
    const input = form.elements.namedItem(name);
    if (!(input instanceof HTMLInputElement)) continue;
    input.toggleAttribute("aria-invalid", false);
    if (reason !== undefined) input.setAttribute("aria-invalid", "true");
    input.closest(".eg-input-group")?.classList.toggle("eg-input-group-bad", reason !== undefined);
  }
  const count = Object.keys(errors).length;
  const words = form.querySelector("[data-save-words]");
  if (count > 0 && words !== null) {
    words.textContent = count === 1 ? "1 value needs correcting." : `${count} values need correcting.`;
  }
  const save = form.querySelector<HTMLButtonElement>("[data-save]");
  if (count > 0 && save !== null) save.disabled = true;
}

/** Puts the server's warnings beside the fields: they stop nothing. */
export function showWarnings(form: HTMLFormElement, warnings: Readonly<Record<string, string>>): void {
  for (const place of form.querySelectorAll<HTMLElement>("[data-warning-of]")) {
    const sentence = warnings[place.dataset.warningOf ?? ""];
    place.hidden = sentence === undefined;
    const words = place.querySelector("[data-words]");
    if (words !== null) words.textContent = sentence ?? "";
  }
}

function clearError(form: HTMLFormElement, input: HTMLInputElement): void {
  const place = form.querySelector<HTMLElement>(`[data-error-of="${input.name}"]`);
  if (place !== null) {
    place.hidden = true;
    // The field is described by this place, and a description is read though it is hidden.
    place.textContent = "";
  }
  input.removeAttribute("aria-invalid");
  input.closest(".eg-input-group")?.classList.remove("eg-input-group-bad");
}
