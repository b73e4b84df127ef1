/**
 * `data-confirm="Delete it?"` asks first. `data-once="Saving"`: one click sends one form; the button then says what it
 * does.
 */
export function mountForms(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-confirm]")) {
    form.addEventListener("submit", (event) => {
      if (!confirm(form.dataset.confirm)) event.stopImmediatePropagation();
      else return;
      event.preventDefault();
    });
  }
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent === "yes") {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      const button = event.submitter instanceof HTMLButtonElement ? event.submitter : form.querySelector("button");
      if (button === null) return;
      button.setAttribute("aria-busy", "true");
      button.setAttribute("aria-disabled", "true");
      button.textContent = form.dataset.once ?? "";
    });
  }
  for (const element of root.querySelectorAll<HTMLElement>("[data-reload-seconds]")) {
    setTimeout(() => location.reload(), Number(element.dataset.reloadSeconds) * 1_000);
  }
}

// A page that comes back from the browser's cache must not keep its buttons busy.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
