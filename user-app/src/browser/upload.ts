import { formatDuration } from "@elastic-gas/shared/format/durations";
import { formatBytes, formatCountOf } from "@elastic-gas/shared/format/numbers";
import { createIcon } from "@elastic-gas/shared/ui/create-icon";
import { isSignInPage, SESSION_ENDED } from "@elastic-gas/shared/ui/session-ended";
import { abortWhenStalled, UploadStalled } from "@elastic-gas/shared/ui/stalled-upload";
import { checkFile } from "./check-file.ts";
import { csrfHeaders } from "./csrf-headers.ts";
import type { VcfCheck } from "./vcf-check.ts";

interface Policy {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

interface Line {
  readonly tone: "ok" | "warn" | "bad";
  readonly text: string;
}

const ANSWER_LIMIT_MS = 30_000;
const IDLE_TITLE = "Choose VCF files, or drop them here";

/**
 * Drag and drop, a look at the first lines, a progress bar; then on to the confirmation. Without this script the plain
 * form does.
 */
export function mountUpload(root: HTMLElement): void {
  const find = <Found extends HTMLElement>(name: string): Found => {
    const element = root.querySelector<Found>(`[data-upload-${name}]`);
    if (element === null) throw new Error(`The page lacks data-upload-${name}`);
    return element;
  };
  const form = find<HTMLFormElement>("form");
  const input = find<HTMLInputElement>("file");
  const panel = find("panel");
  const send = find<HTMLButtonElement>("send");
  const cancel = find<HTMLButtonElement>("cancel");
  const upgrade = find("upgrade");
  const reason = find("reason");
  const progress = find("progress");
  const bar = progress.querySelector("progress");
  const title = root.querySelector("[data-drop-title]");
  const maxBytes = Number(root.dataset.maxBytes);
  const pasteForm = root.querySelector<HTMLFormElement>("[data-upload-paste]");
  const premium = root.dataset.plan === "premium_user";
  let chosen: readonly File[] = [];
  let running: XMLHttpRequest | undefined;

  for (const part of root.querySelectorAll("[data-plain-submit], [data-plain-build]")) part.setAttribute("hidden", "");
  if (title !== null) title.textContent = IDLE_TITLE;
  input.multiple = true; // the plain form sends one
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("change", () => void choose([...(input.files ?? [])]));
  pasteForm?.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = pasteForm.querySelector("textarea")?.value ?? "";
    void choose([new File([text], "pasted.vcf", { type: "text/plain" })]);
  });
  find("other").addEventListener("click", () => {
    running?.abort();
    form.hidden = false;
    panel.hidden = true;
    input.value = "";
    input.focus();
  });
  cancel.addEventListener("click", () => running?.abort());
  send.addEventListener("click", () => void submit());
  mountDrop(form, title, (files) => void choose(files));

  async function choose(files: readonly File[]): Promise<void> {
    const [first] = files;
    if (first === undefined) return;
    chosen = files;
    form.hidden = true;
    panel.hidden = false;
    progress.hidden = true;
    const size = files.reduce((sum, file) => sum + file.size, 0);
    find("name").textContent = files.length === 1 ? first.name : formatCountOf(files.length, "file");
    find("size").textContent =
      premium || files.length > 1 ? formatBytes(size) : `${formatBytes(size)} of ${formatBytes(maxBytes)}`;
    find("title-field").hidden = files.length > 1;
    setReady(false);
    showNote(undefined);
    showChecks([]);
    upgrade.hidden = true;
    panel.scrollIntoView({ block: "nearest" });
    const checks = await Promise.all(files.map(checkOne));
    if (chosen !== files) return;
    const accepted = files.filter((_, index) => checks[index]?.kind === "fits");
    const refused = checks.filter(({ kind }) => kind === "refused");
    upgrade.hidden = premium || !files.some((file) => file.size > maxBytes);
    if (files.length === 1 && refused[0] !== undefined) {
      const { problem = "", help = "", line } = refused[0];
      showNote({ tone: upgrade.hidden ? "bad" : "warn", start: problem, text: help, line });
      return;
    }
    showChecks(
      files.flatMap((file, index): readonly Line[] => {
        const check = checks[index];
        if (check === undefined) return [];
        if (files.length === 1) return linesOf(check);
        if (check.kind === "refused") return [{ tone: "bad", text: `${file.name}: ${check.problem ?? ""}` }];
        const found = check.findings[0] ?? "";
        return [
          { tone: "ok", text: `${file.name}: ${found}` },
          ...linesOf({ ...check, findings: [] }).map(({ tone, text }) => ({ tone, text: `${file.name}: ${text}` })),
        ];
      }),
    );
    chosen = accepted;
    setReady(accepted.length > 0);
    if (refused.length > 0) reason.textContent = `${formatCountOf(refused.length, "file")} cannot be sent.`;
  }

  async function checkOne(file: File): Promise<VcfCheck> {
    if (file.size <= maxBytes) return checkFile(file);
    const over = formatBytes(file.size - maxBytes);
    return premium
      ? {
          kind: "refused",
          findings: [],
          problem: `Too large by ${over}.`,
          help: `Up to ${formatBytes(maxBytes)} is taken.`,
        }
      : {
          kind: "refused",
          findings: [],
          problem: `Too large for the Free plan by ${over}.`,
          help: "Premium takes larger files. You will need to select it again after upgrading.",
        };
  }

  async function submit(): Promise<void> {
    const files = chosen;
    if (files.length === 0 || running !== undefined) return;
    setReady(false);
    send.setAttribute("aria-busy", "true");
    send.textContent = "Uploading";
    cancel.hidden = false;
    reason.textContent = "Leaving this page stops the upload.";
    showNote(undefined);
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const began = Date.now();
    let [percent, before, done] = [0, 0, 0];
    try {
      for (const file of files) {
        const policy = await fetchPolicy(file.name);
        progress.hidden = false;
        await sendFile(policy, file, (sent) => {
          percent = Math.floor(((before + sent) / Math.max(1, total)) * 100);
          showProgress(percent, before + sent, total, began);
        });
        before += file.size;
        const address = jobAddress(policy);
        if (files.length === 1) {
          location.assign(address);
          return;
        }
        await askForJob(address);
        done += 1;
      }
      location.assign("/annotations");
    } catch (error) {
      const cancelled = error instanceof DOMException && error.name === "AbortError";
      const submitted =
        done === 0 ? "Nothing was submitted." : `${formatCountOf(done, "file")} of ${files.length} submitted.`;
      const why = error instanceof UploadStalled ? `${error.message} Look at the connection. ` : "";
      showNote({
        tone: cancelled ? "info" : "bad",
        start: cancelled ? "Cancelled." : percent > 0 ? `The upload stopped at ${percent}\u00a0%.` : errorText(error),
        text: percent > 0 ? why + submitted : submitted,
      });
      chosen = files.slice(done);
      progress.hidden = true;
      send.removeAttribute("aria-busy");
      send.textContent = "Try again";
      reason.textContent = "";
      setReady(true);
    } finally {
      running = undefined;
      cancel.hidden = true;
    }
  }

  function jobAddress(policy: Policy): string {
    const query = new URLSearchParams({ bucket: bucketOf(policy), key: policy.fields.key ?? "" });
    const build = find<HTMLSelectElement>("build").value;
    if (build !== "") query.set("build", build);
    const name = find<HTMLInputElement>("title").value.trim();
    if (name !== "" && chosen.length === 1) query.set("title", name);
    return `/annotate/job?${query}`;
  }

  function sendFile(policy: Policy, file: File, sent: (bytes: number) => void): Promise<void> {
    const body = new FormData();
    for (const [name, value] of Object.entries(policy.fields)) body.append(name, value);
    body.append("file", file);
    return new Promise((resolve, reject) => {
      // fetch tells nothing about how much was sent.
      const request = new XMLHttpRequest();
      running = request;
      request.upload.addEventListener("progress", (event) => sent(Math.min(file.size, event.loaded)));
      request.addEventListener("load", () => {
        if (request.status === 201) resolve();
        else reject(new Error(`The storage refused the file (${request.status}).`));
      });
      request.addEventListener("error", () => reject(new Error("The storage did not answer.")));
      const whyStalled = abortWhenStalled(request);
      request.addEventListener("abort", () => reject(whyStalled() ?? new DOMException("cancelled", "AbortError")));
      request.open("POST", policy.url);
      request.send(body);
    });
  }

  function setReady(ready: boolean): void {
    send.disabled = !ready;
    if (ready && send.getAttribute("aria-busy") === null && send.textContent !== "Try again")
      send.textContent = "Annotate";
  }

  function showProgress(percent: number, sent: number, size: number, began: number): void {
    if (bar !== null) bar.value = percent;
    find("percent").textContent = `Uploading: ${percent}\u00a0%`;
    const seconds = (Date.now() - began) / 1_000;
    const left = sent === 0 ? undefined : ((size - sent) / sent) * seconds;
    find("left").textContent =
      `${formatBytes(sent)} of ${formatBytes(size)}${left === undefined ? "" : `, ${formatDuration(Math.ceil(left))} left`}`;
  }

  function showChecks(lines: readonly Line[]): void {
    find("checks").hidden = lines.length === 0;
    find("check-list").replaceChildren(
      ...lines.map(({ tone, text }) => {
        const item = document.createElement("li");
        item.className = `eg-tone-${tone}`;
        const words = document.createElement("span");
        words.className = "app-ink";
        words.textContent = text;
        item.append(createIcon(tone === "ok" ? "disc-check" : "warning"), words);
        return item;
      }),
    );
  }

  function showNote(shown: { tone: string; start: string; text: string; line?: string } | undefined): void {
    const place = find("note");
    place.replaceChildren();
    if (shown === undefined) return;
    const box = document.createElement("div");
    box.className = `eg-note eg-note-${shown.tone}`;
    box.setAttribute("role", "alert");
    const words = document.createElement("div");
    words.className = "eg-note-text";
    const start = document.createElement("strong");
    start.textContent = shown.start;
    words.append(start, ` ${shown.text}`);
    if (shown.line !== undefined && shown.line !== "") {
      const line = document.createElement("pre");
      line.className = "eg-log app-line";
      line.textContent = shown.line;
      words.append(line);
    }
    box.append(createIcon(shown.tone === "info" ? "info" : "warning"), words);
    place.append(box);
  }
}

function mountDrop(form: HTMLElement, title: Element | null, take: (files: readonly File[]) => void): void {
  const over = (is: boolean) => {
    form.classList.toggle("app-drop-over", is);
    if (title !== null) title.textContent = is ? "Release to check the file" : IDLE_TITLE;
  };
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  form.addEventListener("dragleave", (event) => {
    if (!(event.relatedTarget instanceof Node) || !form.contains(event.relatedTarget)) over(false);
  });
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    take([...(event.dataTransfer?.files ?? [])]);
  });
}

function linesOf({ findings, warnings = [] }: VcfCheck): readonly Line[] {
  return [
    ...findings.map((text) => ({ tone: "ok" as const, text })),
    ...warnings.map((text) => ({ tone: "warn" as const, text })),
  ];
}

/** Makes the job of an upload without leaving the page: the answer is a redirect to the job. */
async function askForJob(address: string): Promise<void> {
  const response = await ask(address, { headers: { accept: "text/html" } });
  if (!response.ok) throw new Error(`The file was not taken (${response.status}).`);
}

async function fetchPolicy(fileName: string): Promise<Policy> {
  const response = await ask("/annotate/policy", {
    method: "POST",
    headers: { ...csrfHeaders(), "content-type": "application/json" },
    body: JSON.stringify({ fileName }),
  });
  if (!response.ok) throw new Error("The upload could not be prepared.");
  return (await response.json()) as Policy; // our own route answers this
}

async function ask(address: string, init: RequestInit): Promise<Response> {
  const limited = { ...init, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) };
  const response = await fetch(address, limited).catch(() => {
    throw new Error("The server did not answer.");
  });
  if (response.status === 401 || isSignInPage(response.url)) throw new Error(SESSION_ENDED);
  return response;
}

/** The policy itself names the bucket it is for. */
function bucketOf(policy: Policy): string {
  return policy.fields.bucket ?? "";
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : "The upload failed.";
}
