import { formatTime } from "@elastic-gas/shared/format/times";
import { csrfHeaders } from "./csrf-headers.ts";

/** The download as a command line: asked for only when wanted, for a signed address is a key for a minute. */
export function mountCommand(root: ParentNode): void {
  for (const panel of root.querySelectorAll<HTMLElement>("[data-command]")) {
    const text = panel.querySelector<HTMLElement>("[data-command-text]");
    const until = panel.querySelector<HTMLElement>("[data-command-until]");
    const copy = panel.querySelector<HTMLButtonElement>("[data-command-copy]");
    panel.hidden = false;
    panel.querySelector("[data-command-make]")?.addEventListener("click", () => {
      void make(panel.dataset.commandUrl ?? "").then((link) => {
        if (text === null || until === null || copy === null) return;
        if (link === undefined) {
          until.textContent = "The result cannot be downloaded any more.";
          return;
        }
        text.textContent = `curl -o ${shellQuoted(link.fileName)} ${shellQuoted(link.url)}`;
        text.hidden = false;
        copy.hidden = false;
        until.textContent = `valid until ${formatTime(new Date(link.until), "time")}`;
      });
    });
    copy?.addEventListener("click", () => {
      void navigator.clipboard.writeText(text?.textContent ?? "").then(() => {
        if (until !== null) until.textContent = "Copied.";
      });
    });
  }
}

interface Link {
  readonly url: string;
  readonly fileName: string;
  readonly until: string;
}

async function make(url: string): Promise<Link | undefined> {
  const response = await fetch(url, { method: "POST", headers: csrfHeaders() });
  return response.ok ? ((await response.json()) as Link) : undefined; // our own route answers this
}

/** Safe in POSIX shells, whatever the file is called. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
