import { readFileSync } from "node:fs";
import { z } from "zod";
import { type Account, expectStatus, FormBrowser } from "./form-browser.ts";

const TIMEOUT_MS = 60_000;
const UploadPolicy = z.object({ url: z.url(), fields: z.record(z.string(), z.string()) });
const Uploaded = z.object({ payload: z.object({ num_faces: z.number(), num_masked: z.number() }) });

/** Makes the account by the course's API; false when the name is taken. */
export async function register(origin: string, account: Account): Promise<boolean> {
  const response = await fetch(new URL("/api/register", origin), {
    method: "POST",
    body: new URLSearchParams({ ...account }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  if (response.status === 409) return false;
  expectStatus({ status: response.status, text }, 200, `Registering ${account.username}`);
  return true;
}

/** Signs in and fills in the profile. */
export async function openAccount(origin: string, account: Account): Promise<FormBrowser> {
  const reader = new FormBrowser(origin);
  await reader.signIn(account);
  await reader.get("/profile");
  expectStatus(await reader.submit("/profile", { name: "Demo", institution: "" }), 303, "Saving the profile");
  return reader;
}

/** Uploads a VCF file as the page's script does: straight to S3, then back. */
export async function submitVcf(
  reader: FormBrowser,
  file: { readonly name: string; readonly path: string },
): Promise<void> {
  expectStatus(await reader.get("/annotate"), 200, "The page Annotate");
  const answer = await reader.ask("/annotate/policy", { fileName: file.name });
  expectStatus(answer, 200, "Asking for an upload");
  const { url, fields } = UploadPolicy.parse(JSON.parse(answer.text));
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set("file", new Blob([readFileSync(file.path)]), file.name);
  const stored = await fetch(url, { method: "POST", body: form, signal: AbortSignal.timeout(TIMEOUT_MS) });
  expectStatus({ status: stored.status, text: await stored.text() }, 201, `Storing ${file.name}`);
  const bucket = new URL(url).pathname.slice(1);
  const submitted = await reader.get(`/annotate/job?${new URLSearchParams({ bucket, key: fields.key ?? "" })}`);
  expectStatus(submitted, 303, `Submitting ${file.name}`);
}

/** Uploads a picture by the course's API and gives what was counted. */
export async function uploadPicture(
  origin: string,
  { username, password }: Account,
  file: { readonly name: string; readonly path: string },
): Promise<{ readonly faces: number; readonly masked: number }> {
  const form = new FormData();
  form.set("file", new Blob([readFileSync(file.path)]), file.name);
  form.set("username", username);
  form.set("password", password);
  const response = await fetch(new URL("/api/upload", origin), {
    method: "POST",
    body: form,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  expectStatus({ status: response.status, text }, 200, `Uploading ${file.name}`);
  const { payload } = Uploaded.parse(JSON.parse(text));
  return { faces: payload.num_faces, masked: payload.num_masked };
}
