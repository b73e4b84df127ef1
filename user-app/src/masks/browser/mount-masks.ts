import { formatBytes } from "@elastic-gas/shared/format/numbers";
import { isSignInPage, SESSION_ENDED } from "@elastic-gas/shared/ui/session-ended";
import { abortWhenStalled } from "@elastic-gas/shared/ui/stalled-upload";
import { describeUpload, fileProblem } from "./describe-upload.ts";

/**
 * Improves the upload form of /masks: drag and drop, a check before sending, progress with Cancel. The form works
 * without it.
 */
export function mountMasks(root: Document): void {
  const form = root.querySelector<HTMLFormElement>("[data-mask-upload]");
  const parts = form && findParts(root, form);
  if (!form || !parts) return;
  parts.submit.hidden = true;
  parts.dropWords.textContent = "Choose a photo, or drop one here";

  const take = (file: File | undefined) => {
    if (file === undefined) return;
    const problem = fileProblem(file, Number(form.dataset.maxBytes));
    if (problem === undefined) send(form, parts, file);
    else showError(parts, problem);
  };
  parts.input.addEventListener("change", () => take(parts.input.files?.[0]));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(parts.input.files?.[0]);
  });
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("masks-drop-over");
  });
  for (const end of ["dragleave", "drop"] as const) {
    form.addEventListener(end, () => form.classList.remove("masks-drop-over"));
  }
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer?.files[0]);
  });
}

interface Parts {
  readonly input: HTMLInputElement;
  readonly submit: HTMLElement;
  readonly error: HTMLElement;
  readonly dropWords: HTMLElement;
  readonly progress: HTMLElement;
  readonly name: HTMLElement;
  readonly size: HTMLElement;
  readonly words: HTMLElement;
  readonly bar: HTMLProgressElement;
  readonly cancel: HTMLButtonElement;
}

function findParts(root: Document, form: HTMLFormElement): Parts | undefined {
  const input = form.querySelector<HTMLInputElement>("input[type=file]");
  const submit = form.querySelector<HTMLElement>("[data-mask-submit]");
  const error = form.querySelector<HTMLElement>("[data-mask-error]");
  const dropWords = form.querySelector<HTMLElement>("[data-mask-drop-words]");
  const progress = root.querySelector<HTMLElement>("[data-mask-progress]");
  const name = root.querySelector<HTMLElement>("[data-mask-name]");
  const size = root.querySelector<HTMLElement>("[data-mask-size]");
  const words = root.querySelector<HTMLElement>("[data-mask-words]");
  const bar = root.querySelector<HTMLProgressElement>("[data-mask-bar]");
  const cancel = root.querySelector<HTMLButtonElement>("[data-mask-cancel]");
  if (!input || !submit || !error || !dropWords || !progress || !name || !size || !words || !bar || !cancel)
    return undefined;
  return { input, submit, error, dropWords, progress, name, size, words, bar, cancel };
}

function send(form: HTMLFormElement, parts: Parts, file: File): void {
  const body = new FormData();
  body.append("file", file);
  const request = new XMLHttpRequest(); // fetch tells nothing about what was sent
  request.open("POST", form.action);
  request.responseType = "json";
  request.setRequestHeader("Accept", "application/json");
  const show = (sent: number, total: number) => {
    parts.words.textContent = describeUpload(sent, total);
    parts.bar.value = total > 0 ? sent / total : 0;
  };
  request.upload.addEventListener("progress", ({ loaded, total }) => show(loaded, total));
  request.addEventListener("load", () => {
    const answer: unknown = request.response;
    const location = textAt(answer, "location");
    if (isSignInPage(request.responseURL)) finish(SESSION_ENDED);
    else if (location !== undefined) window.location.assign(location);
    else finish(textAt(fieldOf(answer, "error"), "message") ?? "The photo was not taken. Try again in a moment.");
  });
  request.addEventListener("error", () => finish("The connection was lost. The photo was not taken; try again."));
  const whyStalled = abortWhenStalled(request);
  request.addEventListener("abort", () => {
    const stalled = whyStalled();
    finish(stalled && `${stalled.message} Look at the connection, and at your photos before you send it again.`);
  });
  parts.cancel.onclick = () => request.abort();

  parts.input.disabled = true;
  parts.error.hidden = true;
  parts.name.textContent = file.name;
  parts.size.textContent = formatBytes(file.size);
  parts.progress.hidden = false;
  show(0, file.size);
  request.send(body);

  function finish(problem: string | undefined): void {
    parts.progress.hidden = true;
    parts.input.disabled = false;
    parts.input.value = "";
    if (problem !== undefined) showError(parts, problem);
    parts.input.focus();
  }
}

function showError({ error, input }: Parts, sentence: string): void {
  error.hidden = false;
  error.setAttribute("role", "alert");
  error.textContent = sentence;
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", "mask-file-help mask-file-error");
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function textAt(value: unknown, name: string): string | undefined {
  const field = fieldOf(value, name);
  return typeof field === "string" ? field : undefined;
}
