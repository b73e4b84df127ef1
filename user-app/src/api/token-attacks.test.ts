import { request } from "node:http";
import { createToken } from "@elastic-gas/shared/accounts/api-tokens";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { startTestApp, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { afterAll, beforeAll, expect, it } from "vitest";
import { OPERATIONS } from "./annotation-operations.ts";

let app: TestApp;
let write: string;
let read: string;
let managers: string;
beforeAll(async () => {
  app = await startTestApp(await startTestCloud(), { API_REQUESTS_PER_MINUTE: "1000" });
  const userId = await app.makeUser("ada");
  const chief = await app.makeUser("chief", { isAdmin: true });
  const token = { name: "t", expiresAt: null } as const;
  write = await createToken(app.db, { ...token, audience: "user", userId, scope: "write" });
  read = await createToken(app.db, { ...token, audience: "user", userId, scope: "read" });
  managers = await createToken(app.db, { ...token, audience: "manager", userId: chief, scope: "administer" });
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
});

/** The status of a request whose header fields are sent as they stand, repeated ones too. */
function statusOf(path: string, fields: readonly string[] = [], method = "GET"): Promise<number> {
  const url = new URL(path, app.origin);
  return new Promise((resolve, reject) => {
    const headers = ["Host", url.host, ...fields];
    const asked = request(url, { method, headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on("error", reject);
    asked.end();
  });
}

const LIST = "/api/v1/annotations";

it("is taken from the Authorization header only, with the scheme in any case", async () => {
  for (const query of [`token=${write}`, `access_token=${write}`, `Authorization=Bearer%20${write}`])
    expect([query, await statusOf(`${LIST}?${query}`)]).toEqual([query, 401]);
  for (const cookie of [`token=${write}`, `session=${write}`, `user-session=${write}`, `Authorization=Bearer ${write}`])
    expect([cookie, await statusOf(LIST, ["Cookie", cookie])]).toEqual([cookie, 401]);
  for (const field of ["X-Api-Key", "X-Auth-Token", "Proxy-Authorization"])
    expect([field, await statusOf(LIST, [field, `Bearer ${write}`])]).toEqual([field, 401]);
  const basic = Buffer.from(`${write}:`).toString("base64");
  for (const value of [
    write,
    `Token ${write}`,
    `Basic ${basic}`,
    `Bearer${write}`,
    "Bearer",
    "Bearer ",
    `Bearer: ${write}`,
  ])
    expect([value, await statusOf(LIST, ["Authorization", value])]).toEqual([value, 401]);
  for (const value of [`Bearer ${write}`, `bearer ${write}`, `BEARER   ${write}  `])
    expect([value, await statusOf(LIST, ["Authorization", value])]).toEqual([value, 200]);
});

it("is no other token that looks like it", async () => {
  const rest = write.slice("egu_".length);
  for (const other of [
    rest,
    `egm_${rest}`,
    `EGU_${rest}`,
    write.toUpperCase(),
    `${write}=`,
    write.slice(0, -1),
    `${write}, ${write}`,
  ])
    expect([other, await statusOf(LIST, ["Authorization", `Bearer ${other}`])]).toEqual([other, 401]);
  expect(await statusOf(LIST, ["Authorization", `Bearer ${managers}`])).toBe(401);
});

it("counts once when two are sent: the first", async () => {
  const both = (first: string, second: string) => [
    "Authorization",
    `Bearer ${first}`,
    "authorization",
    `Bearer ${second}`,
  ];
  expect(await statusOf(LIST, both(write, "egu_wrong"))).toBe(200);
  expect(await statusOf(LIST, both("egu_wrong", write))).toBe(401);
  expect(await statusOf(`${LIST}?filename=a.vcf`, both(read, write), "POST")).toBe(403);
});

it("may change nothing with the scope read, also beside its owner's session and on paths in capitals", async () => {
  const browser = await app.signedIn("ada");
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const id = "00000000-0000-4000-8000-000000000000";
  const changing = OPERATIONS.filter(({ method }) => method !== "get");
  expect(changing.length).toBeGreaterThan(2);
  for (const { method, path } of changing)
    for (const address of [`/api/v1${path.replaceAll(/\{\w+\}/g, id)}`, `/API/V1${path.replaceAll(/\{\w+\}/g, id)}`]) {
      const status = await statusOf(
        address,
        ["Authorization", `Bearer ${read}`, "Cookie", cookie, "X-HTTP-Method-Override", "GET"],
        method.toUpperCase(),
      );
      expect([method, address, status]).toEqual([method, address, 403]);
    }
});

it("opens no page", async () => {
  for (const path of ["/annotations", "/profile", "/profile/tokens", "/admin/users"])
    expect([path, await statusOf(path, ["Authorization", `Bearer ${write}`])]).toEqual([path, 303]);
});
