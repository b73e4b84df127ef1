import { expect, it } from "vitest";
import { mergeKeys } from "./store-keys.ts";

it.each([
  ["a new key", "{}", { STRIPE_SECRET_KEY: "sk_1" }, { STRIPE_SECRET_KEY: "sk_1" }],
  [
    "a key beside one that was put in by hand",
    '{"OIDC_CLIENT_SECRET":"o"}',
    { STRIPE_WEBHOOK_SECRET: "whsec_1" },
    { OIDC_CLIENT_SECRET: "o", STRIPE_WEBHOOK_SECRET: "whsec_1" },
  ],
  ["a key in place of another", '{"STRIPE_PRICE_ID":"1"}', { STRIPE_PRICE_ID: "2" }, { STRIPE_PRICE_ID: "2" }],
])("stores %s", (_, stored, keys, merged) => {
  expect(JSON.parse(mergeKeys(stored, keys as Record<string, string>) ?? "")).toEqual(merged);
});

it.each([
  ["an empty key", { STRIPE_SECRET_KEY: "" }],
  ["the same key", { STRIPE_SECRET_KEY: "sk_1" }],
])("leaves the secret as it is at %s", (_, keys) => {
  expect(mergeKeys('{"STRIPE_SECRET_KEY":"sk_1"}', keys)).toBeUndefined();
});
