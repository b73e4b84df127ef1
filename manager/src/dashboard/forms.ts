/** A button that works once the typed word matches; forms that ask before they are sent. */
export function mountForms(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("[data-typed-form]")) mountTyped(form);
  for (const form of root.querySelectorAll<HTMLFormElement>("[data-confirm-form]")) {
    form.addEventListener("submit", (event) => {
      if (!window.confirm(form.dataset.confirmForm ?? "")) event.preventDefault();
    });
  }
}

function mountTyped(form: HTMLFormElement): void {
  const field = form.querySelector<HTMLInputElement>("[data-typed]");
  const button = form.querySelector<HTMLButtonElement>("[data-typed-button]");
  const reason = form.querySelector<HTMLElement>("[data-typed-reason]");
  if (field === null || button === null) return;
  const check = (): void => {
    const matches = field.value.trim() === field.dataset.typed;
    button.disabled = !matches;
    if (reason !== null) reason.hidden = matches;
  };
  field.addEventListener("input", check);
  form.addEventListener("submit", () => button.setAttribute("aria-busy", "true"));
  check();
}
