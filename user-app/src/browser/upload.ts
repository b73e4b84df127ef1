import { formatDuration } from "@elastic-gas/shared/format/durations";
import { formatBytes } from "@elastic-gas/shared/format/numbers";
import { createIcon } from "@elastic-gas/shared/ui/create-icon";
import { csrfHeaders } from "./csrf-headers.ts";
import { CHECKED_BYTES, checkMagic, checkVcf, type VcfCheck } from "./vcf-check.ts";

interface Policy {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

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
  let chosen: File | undefined;
  let running: XMLHttpRequest | undefined;

  root.querySelector("[data-plain-submit]")?.setAttribute("hidden", "");
  if (title !== null) title.textContent = "Drop a VCF file here";
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("change", () => void choose(input.files?.[0]));
  find("other").addEventListener("click", () => {
    running?.abort();
    form.hidden = false;
    panel.hidden = true;
    input.value = "";
    input.focus();
  });
  cancel.addEventListener("click", () => running?.abort());
  send.addEventListener("click", () => void submit());
  mountDrop(form, title, (file) => void choose(file));

  async function choose(file: File | undefined): Promise<void> {
    if (file === undefined) return;
    chosen = file;
    form.hidden = true;
    panel.hidden = false;
    progress.hidden = true;
    find("name").textContent = file.name;
    const premium = root.dataset.plan === "premium_user";
    find("size").textContent = premium
      ? formatBytes(file.size)
      : `${formatBytes(file.size)} of ${formatBytes(maxBytes)}`;
    setReady(false);
    showNote(undefined);
    showChecks(undefined);
    if (file.size > maxBytes) {
      const over = formatBytes(file.size - maxBytes);
      showNote(
        premium
          ? { tone: "bad", start: `Too large by ${over}.`, text: `Up to ${formatBytes(maxBytes)} is taken.` }
          : {
              tone: "warn",
              start: `Too large for the Free plan by ${over}.`,
              text: "Premium takes larger files. Choose it again after the upgrade.",
            },
      );
      upgrade.hidden = premium;
      return;
    }
    upgrade.hidden = true;
    const check = await checkFile(file);
    if (chosen !== file) return;
    if (check.kind === "refused") {
      showNote({ tone: "bad", start: check.problem ?? "", text: check.help ?? "", line: check.line });
      return;
    }
    showChecks(check);
    setReady(true);
  }

  async function submit(): Promise<void> {
    const file = chosen;
    if (file === undefined || running !== undefined) return;
    setReady(false);
    send.setAttribute("aria-busy", "true");
    send.textContent = "Uploading";
    cancel.hidden = false;
    reason.textContent = "Leaving this page stops the upload.";
    showNote(undefined);
    let percent = 0;
    try {
      const policy = await fetchPolicy(file.name);
      progress.hidden = false;
      const began = Date.now();
      await sendFile(policy, file, (sent) => {
        percent = Math.floor((sent / Math.max(1, file.size)) * 100);
        showProgress(percent, sent, file.size, began);
      });
      const key = policy.fields.key ?? "";
      const query = new URLSearchParams({ bucket: bucketOf(policy), key });
      const build = find<HTMLSelectElement>("build").value;
      if (build !== "") query.set("build", build);
      location.assign(`/annotate/job?${query}`);
    } catch (error) {
      const cancelled = error instanceof DOMException && error.name === "AbortError";
      showNote({
        tone: cancelled ? "info" : "bad",
        start: cancelled ? "Cancelled." : percent > 0 ? `The upload broke off at ${percent}\u00a0%.` : errorText(error),
        text: "Nothing was submitted.",
      });
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
      request.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
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

  function showChecks(check: VcfCheck | undefined): void {
    const box = find("checks");
    box.hidden = check === undefined;
    find("check-list").replaceChildren(
      ...(check?.findings ?? []).map((finding) => {
        const item = document.createElement("li");
        item.className = "eg-tone-ok";
        const words = document.createElement("span");
        words.textContent = finding;
        item.append(createIcon("disc-check"), words);
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

function mountDrop(form: HTMLElement, title: Element | null, take: (file: File | undefined) => void): void {
  const over = (is: boolean) => {
    form.classList.toggle("app-drop-over", is);
    if (title !== null) title.textContent = is ? "Let go to check the file" : "Drop a VCF file here";
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
    take(event.dataTransfer?.files[0]);
  });
}

async function fetchPolicy(fileName: string): Promise<Policy> {
  const response = await fetch("/annotate/policy", {
    method: "POST",
    headers: { ...csrfHeaders(), "content-type": "application/json" },
    body: JSON.stringify({ fileName }),
  });
  if (response.redirected || response.status === 401) throw new Error("Your session has ended. Sign in again.");
  if (!response.ok) throw new Error("The upload could not be prepared.");
  return (await response.json()) as Policy; // our own route answers this
}

/** The policy itself names the bucket it is for. */
function bucketOf(policy: Policy): string {
  return policy.fields.bucket ?? "";
}

async function checkFile(file: File): Promise<VcfCheck> {
  const start = new Uint8Array(await file.slice(0, 64).arrayBuffer());
  const wrong = checkMagic(start);
  if (wrong !== undefined)
    return { kind: "refused", findings: [], problem: wrong, help: "A VCF starts with ##fileformat=VCFv4." };
  const gzip = start[0] === 0x1f && start[1] === 0x8b;
  if (!gzip) {
    const text = await file.slice(0, CHECKED_BYTES).text();
    return checkVcf(text, { complete: file.size <= CHECKED_BYTES });
  }
  try {
    const { text, complete } = await readGzipStart(file);
    return checkVcf(text, { complete });
  } catch {
    // Browsers stop at the second member of a block-gzipped file; the annotator reads it.
    return { kind: "fits", findings: ["Compressed; its lines are checked by the annotator"] };
  }
}

async function readGzipStart(file: File): Promise<{ text: string; complete: boolean }> {
  const reader = file.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (text.length < CHECKED_BYTES) {
      const { done, value } = await reader.read();
      if (done) return { text, complete: true };
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    if (text === "") throw error;
  } finally {
    void reader.cancel().catch(() => undefined); // the rest is not wanted
  }
  return { text, complete: false };
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : "The upload did not work.";
}
