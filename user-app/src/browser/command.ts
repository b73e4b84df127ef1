import { shellQuoted } from "@elastic-gas/shared/format/shell-quoted";
import { formatTime } from "@elastic-gas/shared/format/times";
import { isSignInPage } from "@elastic-gas/shared/ui/session-ended";
import { csrfHeaders } from "./csrf-headers.ts";

/** The download as a command line: asked for only when wanted, for a signed address is a key for a minute. */
export function mountCommand(root: ParentNode): void {
  for (const panel of root.querySelectorAll<HTMLElement>("[data-command]")) {
    const text = panel.querySelector<HTMLElement>("[data-command-text]");
    const until = panel.querySelector<HTMLElement>("[data-command-until]");
    const copy = panel.querySelector<HTMLButtonElement>("[data-command-copy]");
    panel.hidden = false;
    panel.querySelector("[data-command-make]")?.addEventListener("click", () => {
      void make(panel.dataset.commandUrl ?? "").then((made) => {
        if (text === null || until === null || copy === null) return;
        if (typeof made === "string") {
          until.textContent = made;
          return;
        }
        const link = made;
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

/** The link, or a sentence that says why there is none. */
async function make(url: string): Promise<Link | string> {
  const response = await fetch(url, { method: "POST", headers: csrfHeaders() }).catch(() => undefined);
  if (response === undefined || response.status >= 500) return "The server did not answer. Try again in a moment.";
  if (isSignInPage(response.url)) return "You are signed out. Reload the page to sign in.";
  if (!response.ok) return "The result cannot be downloaded any more.";
  return (await response.json()) as Link; // our own route answers this
}
