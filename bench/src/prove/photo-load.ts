import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SAMPLES } from "@elastic-gas/testing/system/system";

export const PHOTO_FILE = "one-masked.jpg";
const ACCOUNT = { username: "load", password: "pass" };
const TIMEOUT_MS = 60_000;
/** What a reader looks at; none of it needs a session. */
const PAGES = ["/", "/login", "/help", "/favicon.svg"];

export async function registerLoadUser(origin: string): Promise<void> {
  const response = await fetch(`${origin}/api/register`, { method: "POST", body: new URLSearchParams(ACCOUNT) });
  if (!response.ok) throw new Error(`/api/register answered ${response.status}: ${await response.text()}`);
}

/** One upload as the course's load generator sends it; "ok" when the answer names the face that is there. */
export function photoCall(origin: string): () => Promise<string> {
  const photo = readFileSync(join(SAMPLES, "pictures", PHOTO_FILE));
  return async () => {
    const form = new FormData();
    form.set("file", new Blob([photo], { type: "application/octet-stream" }), PHOTO_FILE);
    form.set("username", ACCOUNT.username);
    form.set("password", ACCOUNT.password);
    const response = await fetch(`${origin}/api/upload`, {
      method: "POST",
      body: form,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    const isRight = response.status === 200 && text.includes('"num_faces":1,"num_masked":1');
    return isRight ? "ok" : `${response.status} ${text.slice(0, 200)}`;
  };
}

/** One light page after the other. */
export function pageCall(origin: string): () => Promise<string> {
  let next = 0;
  return async () => {
    const path = PAGES[next++ % PAGES.length] ?? "/";
    const response = await fetch(`${origin}${path}`, { redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    return response.status === 200 ? "ok" : `${path}: ${response.status} ${text.slice(0, 200)}`;
  };
}
