import { createRequire } from "node:module";
import type * as commonLanguage from "@zxcvbn-ts/language-common";

/** Shorter ones are refused for their length. */
const SHORTEST = 8;
let known: ReadonlySet<string> | undefined;

/** True for the 18,000 passwords of 8 characters or more that guessers try first, in any case. */
export function isCommonPassword(password: string): boolean {
  known ??= readList();
  return known.has(password.toLowerCase());
}

/** Read at the first use: unpacking the list takes 20 MB and some time, which no worker should spend at its start. */
function readList(): ReadonlySet<string> {
  const require = createRequire(import.meta.url);
  const { dictionary } = require("@zxcvbn-ts/language-common") as typeof commonLanguage;
  return new Set(dictionary["passwords-common"].filter((password) => password.length >= SHORTEST));
}
