import { timeSpan } from "./words.ts";

/** One step of a story that somebody goes through in a browser. */
export interface StoryStep {
  readonly what: string;
  /** Says what was seen. Throws when it was not what the step says. */
  take(): Promise<string>;
}

export interface TakenStep {
  readonly what: string;
  readonly ms: number;
  readonly seen: string;
  readonly ok: boolean;
}

const LONGEST_REASON = 200;

/** Takes the steps in turn. After one that fails the others cannot be judged: they are told of as not reached. */
export async function takeSteps(
  steps: readonly StoryStep[],
  say: (line: string) => void,
): Promise<readonly TakenStep[]> {
  const taken: TakenStep[] = [];
  for (const [index, { what, take }] of steps.entries()) {
    const before = taken.at(-1);
    if (before !== undefined && !before.ok) {
      taken.push({ what, ms: 0, seen: "not reached", ok: false });
      continue;
    }
    const startedAt = Date.now();
    try {
      const seen = await take();
      taken.push({ what, ms: Date.now() - startedAt, seen, ok: true });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      taken.push({ what, ms: Date.now() - startedAt, seen: firstLine(reason), ok: false });
    }
    const { ms, seen } = taken.at(-1) ?? { ms: 0, seen: "" };
    say(`${index + 1}. ${seen} (${timeSpan(ms)})`);
  }
  return taken;
}

/** A browser's errors go on with its log. */
function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").slice(0, LONGEST_REASON);
}

/** Throws with what was found instead. */
export function expectSame(what: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${what}: ${String(found)} instead of ${String(expected)}`);
}
