import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createPasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import { createUser } from "@elastic-gas/shared/accounts/users";
import type { Role } from "@elastic-gas/shared/database/tables";
import { expectStatus, FormBrowser } from "@elastic-gas/start/demo/form-browser";
import { SAMPLES } from "@elastic-gas/testing/system/system";
import { z } from "zod";
import type { ProofSystem } from "./proof-system.ts";

const PASSWORD = "a long password";
const UploadPolicy = z.object({ url: z.url(), fields: z.record(z.string(), z.string()) });
const Mails = z.array(z.object({ subject: z.string(), text: z.string() }));

/** A reader who is signed in at user-app, behind the load balancer. */
export interface VcfUser {
  readonly id: number;
  readonly email: string;
  readonly browser: FormBrowser;
}

export function sampleVcf(name: "grch38.vcf" | "grch37.vcf"): string {
  return readFileSync(join(SAMPLES, "vcf", name), "utf8");
}

/** Lines of a VCF that are records. */
export function countRecords(vcf: string): number {
  return vcf.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
}

export async function makeUser(
  { db, system }: Pick<ProofSystem, "db" | "system">,
  { username, role }: { readonly username: string; readonly role: Role },
): Promise<VcfUser> {
  const email = `${username}@example.org`;
  const passwordHash = await createPasswordVerifier().hash(PASSWORD);
  const id = await createUser(db, { username, email, passwordHash });
  if (id === undefined) throw new Error(`The name ${username} is taken`);
  await db.updateTable("users").set({ role }).where("id", "=", id).execute();
  const browser = new FormBrowser(system.userAppUrl);
  await browser.signIn({ username, password: PASSWORD });
  return { id, email, browser };
}

/** Uploads a VCF as the page's script does, straight to S3 and then back, and gives the job's id. */
export async function submitVcf({ browser }: VcfUser, fileName: string, content: string): Promise<string> {
  const page = await browser.get("/annotate");
  if (page.status !== 200) throw new Error(`/annotate answered ${page.status}`);
  const answer = await browser.ask("/annotate/policy", { fileName });
  expectStatus(answer, 200, "A place for the file");
  const { url, fields } = UploadPolicy.parse(JSON.parse(answer.text));
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set("file", new Blob([content]), fileName);
  const stored = await fetch(url, { method: "POST", body: form, signal: AbortSignal.timeout(60_000) });
  if (stored.status !== 201) throw new Error(`S3 answered ${stored.status}: ${(await stored.text()).slice(0, 200)}`);
  await stored.text();
  const { key = "" } = fields;
  const bucket = new URL(url).pathname.slice(1);
  const submitted = await browser.get(`/annotate/job?${new URLSearchParams({ bucket, key })}`);
  const jobId = /\/([0-9a-f-]{36})~/.exec(key)?.[1];
  if (submitted.status !== 303 || jobId === undefined)
    throw new Error(`/annotate/job answered ${submitted.status}: ${submitted.text.slice(0, 200)}`);
  return jobId;
}

/** Makes an API token on the reader's page. */
export async function makeToken({ browser }: VcfUser): Promise<string> {
  await browser.get("/profile/tokens");
  await browser.submit("/profile/tokens", { name: "proof", scope: "write" });
  const token = /egu_[\w-]{43}/.exec((await browser.get("/profile/tokens")).text)?.[0];
  if (token === undefined) throw new Error("The page showed no token.");
  return token;
}

/** The signed address of a result, or undefined when the reader is sent to the upgrade page or told to wait. */
export async function resultLink({ browser }: VcfUser, jobId: string): Promise<string | undefined> {
  const { status, location } = await browser.get(`/annotations/${jobId}/result`);
  return status === 302 && location !== null ? location : undefined;
}

export async function download(link: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(link, { signal: AbortSignal.timeout(60_000) });
  return { status: response.status, text: await response.text() };
}

/** Mails to a reader as local-cloud captured them. */
export async function mailsTo({ system }: ProofSystem, email: string): Promise<z.infer<typeof Mails>> {
  const response = await fetch(`${system.cloudUrl}/_mail/messages.json?to=${encodeURIComponent(email)}`);
  return Mails.parse(await response.json());
}
