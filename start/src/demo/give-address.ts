import { pause } from "@elastic-gas/shared/shutdown";
import { z } from "zod";
import { type Account, expectStatus, FormBrowser } from "./form-browser.ts";

const Mails = z.array(z.object({ text: z.string() }));
const POLL_MS = 500;
const TIMEOUT_MS = 10_000;
/** The manager mails links within seconds; much longer, and it does not run. */
const MAIL_DEADLINE_MS = 60_000;

interface Demo {
  /** Of user-app. */
  readonly origin: string;
  /** Where local-cloud shows the mails that it keeps. */
  readonly mailbox: string;
  readonly signal: AbortSignal;
}

/**
 * Gives an account its address, as its owner does: asks on the profile page, then opens the link in the mail. Does
 * nothing where the account has it already.
 *
 * @throws when no mail with a link arrives within a minute
 */
export async function giveAddress(
  { origin, mailbox, signal }: Demo,
  reader: FormBrowser,
  account: Account,
): Promise<void> {
  const email = `${account.username}@example.org`;
  const inbox = `${mailbox}/messages.json?to=${encodeURIComponent(email)}`;
  const before = await linksIn(inbox, signal);
  await reader.get("/profile");
  const asked = await reader.submit("/profile/email", { email, password: account.password });
  expectStatus(asked, 303, `Asking for the address ${email}`);
  if ((await reader.get("/profile")).text.includes("This is your address already.")) return;
  const link = await newLink(inbox, before, signal);
  if (link === undefined) return; // the demo was ended
  const visitor = new FormBrowser(origin);
  expectStatus(await visitor.get(link), 200, "The link in the mail");
  expectStatus(await visitor.submit(link), 200, `Confirming the address ${email}`);
}

async function newLink(inbox: string, known: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const end = Date.now() + MAIL_DEADLINE_MS;
  while (!signal.aborted) {
    const link = (await linksIn(inbox, signal)).find((each) => !known.includes(each));
    if (link !== undefined) return link;
    if (Date.now() > end) throw new Error(`No mail with a link came to ${inbox} within a minute.`);
    await pause(POLL_MS, signal);
  }
  return undefined;
}

async function linksIn(inbox: string, signal: AbortSignal): Promise<readonly string[]> {
  const response = await fetch(inbox, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  const mails = Mails.parse(await response.json());
  return mails.flatMap(({ text }) => /\/email\/[\w-]+/.exec(text)?.[0] ?? []);
}
