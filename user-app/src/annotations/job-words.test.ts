import { expect, it } from "vitest";
import type { JobState } from "./job-state.ts";
import { noResultWords } from "./job-words.ts";

const at = new Date("2026-01-05T14:00:00Z");

it.each<[JobState, RegExp, RegExp]>([
  [{ kind: "running", percent: 43 }, /no result yet/, /when it is completed/],
  [{ kind: "failed", sentence: "This is no VCF file." }, /ended without a result/, /says why/],
  [{ kind: "available", until: at }, /is archived/, /Premium restores it/],
  [{ kind: "archived", at }, /is archived/, /Premium restores it/],
  [{ kind: "restoring", tier: "Expedited", askedAt: at }, /being restored/, /when it is back/],
])("says why there is no result to read, and what to do: %o", (state, sentence, remedy) => {
  const words = noResultWords(state);
  expect(words.sentence).toMatch(sentence);
  expect(words.remedy).toMatch(remedy);
});
