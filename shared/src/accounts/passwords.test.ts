import { expect, test } from "vitest";
import { ApiPassword, createPasswordVerifier, HashingOverloaded, PagePassword } from "./passwords.ts";

test("two users with one password have different stored values, and both match", async () => {
  const passwords = createPasswordVerifier();
  const [a, b] = await Promise.all([passwords.hash("pass"), passwords.hash("pass")]);
  expect(a).not.toBe(b);
  expect(await passwords.verify("pass", a)).toBe(true);
  expect(await passwords.verify("pass", b)).toBe(true);
  expect(await passwords.verify("Pass", a)).toBe(false);
});

test("a user without a password, or no user at all, never matches", async () => {
  const passwords = createPasswordVerifier();
  expect(await passwords.verify("", null)).toBe(false);
  expect(await passwords.verify("anything", undefined)).toBe(false);
});

test("a password beyond bcrypt's 72 bytes is refused, not cut", async () => {
  const passwords = createPasswordVerifier();
  const hash = await passwords.hash("x".repeat(72));
  expect(await passwords.verify("x".repeat(73), hash)).toBe(false);
  expect(ApiPassword.safeParse("x".repeat(73)).success).toBe(false);
  expect(ApiPassword.safeParse("é".repeat(37)).success).toBe(false);
});

test("the API takes the course's password, the pages ask for 8 characters", () => {
  expect(ApiPassword.safeParse("pass").success).toBe(true);
  expect(PagePassword.safeParse("pass").success).toBe(false);
});

test.each(["password1", "Password1", "iloveyou", "1q2w3e4r"])(
  "the pages refuse the common password %s, the API takes it",
  (text) => {
    expect(PagePassword.safeParse(text).error?.issues[0]?.message).toContain("guessers try first");
    expect(ApiPassword.safeParse(text).success).toBe(true);
  },
);

test("the pages take a password that nobody else has", () => {
  expect(PagePassword.safeParse("correct horse battery").success).toBe(true);
});

test("a changed password is not remembered: the cache is keyed by the stored hash", async () => {
  const passwords = createPasswordVerifier();
  const before = await passwords.hash("old password");
  expect(await passwords.verify("old password", before)).toBe(true);
  const after = await passwords.hash("new password");
  expect(await passwords.verify("old password", after)).toBe(false);
});

test("beyond the bound a check is refused at once rather than queued", async () => {
  const passwords = createPasswordVerifier({ maxWaiting: 1 });
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => passwords.hash("p")));
  expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected"]);
  expect(outcomes[3]).toMatchObject({ reason: expect.any(HashingOverloaded) });
});
