import { announce } from "./announce.ts";
import { readOutcome, readRefusal } from "./answers.ts";

/**
 * Sends `[data-action]` forms in the background: one click is one request, with a key by which the server knows a
 * repeat. The button says what goes on.
 */
export function mountActions(root: HTMLElement, onDone: () => void): void {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.dataset.action === undefined) return;
    event.preventDefault();
    if (form.dataset.busy !== undefined) return;
    const question = form.dataset.confirm;
    if (question !== undefined && question !== "" && !window.confirm(question)) return;
    // A form of several buttons names an address beside each.
    const button = event.submitter instanceof HTMLButtonElement ? event.submitter : form.querySelector("button");
    void send(form, button, onDone);
  });
}

async function send(form: HTMLFormElement, button: HTMLButtonElement | null, onDone: () => void): Promise<void> {
  form.dataset.busy = "";
  button?.setAttribute("aria-busy", "true");
  try {
    const { done, sentence } = await post(form, button?.hasAttribute("formaction") ? button.formAction : form.action);
    if (done) form.reset();
    say(sentence, done ? "ok" : "warn");
  } catch {
    say("The manager did not answer. Nothing is known to have changed; look at the pool before you try again.", "bad");
  } finally {
    delete form.dataset.busy;
    button?.removeAttribute("aria-busy");
    form.closest("details")?.removeAttribute("open");
    onDone();
  }
}

const SIGNED_OUT = "You are signed out, so nothing was changed. Reload the page to sign in again.";

async function post(
  form: HTMLFormElement,
  address: string,
): Promise<{ readonly done: boolean; readonly sentence: string }> {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") fields.append(name, value);
  const response = await fetch(address, {
    method: "POST",
    headers: { accept: "application/json", "idempotency-key": crypto.randomUUID() },
    body: fields,
    redirect: "manual",
  });
  // Only the sign-in page is ever redirected to from here.
  if (response.type === "opaqueredirect") return { done: false, sentence: SIGNED_OUT };
  const body: unknown = await response.json().catch(() => undefined);
  const refused = readRefusal(body) ?? `Refused (${response.status}). Reload the page.`;
  return readOutcome(body) ?? { done: false, sentence: refused };
}

const SHOWN_MS = 8_000;
let timer: ReturnType<typeof setTimeout> | undefined;

/** A line at the bottom of the page, for a while; also said to screen readers. */
export function say(sentence: string, tone: "ok" | "warn" | "bad"): void {
  let line = document.querySelector<HTMLElement>(".toast-line");
  if (line === null) {
    line = document.createElement("p");
    line.className = "toast-line";
    document.body.append(line);
  }
  line.className = `toast-line eg-note eg-note-${tone}`;
  line.textContent = sentence;
  line.hidden = false;
  announce(sentence);
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (line !== null) line.hidden = true;
  }, SHOWN_MS);
}
