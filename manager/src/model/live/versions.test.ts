import fc from "fast-check";
import { expect, it } from "vitest";
import { type Change, createMirror, createPublished, type Whole } from "./versions.ts";

interface State {
  readonly at: number;
  readonly items: readonly { readonly id: string; readonly values: readonly number[] }[];
}

const state: fc.Arbitrary<State> = fc.record({
  at: fc.nat(),
  items: fc.uniqueArray(fc.record({ id: fc.constantFrom("a", "b", "c"), values: fc.array(fc.nat(3)) }), {
    selector: ({ id }) => id,
  }),
});
/** What becomes of the message of an update: it comes, is lost, or the connection breaks and begins again. */
const fate = fc.constantFrom("comes", "comes", "lost", "broken");

it("whatever is lost, a page shows what was published last, or knows that it needs the whole", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(state, fate)), (updates) => {
      const published = createPublished<State>();
      const mirror = createMirror<State>();
      let shown: State | undefined;
      let needsWhole = true;
      const sendWhole = (): void => {
        const whole = overTheWire<Whole<State> | undefined>(published.whole());
        if (whole === undefined) return;
        mirror.takeWhole(whole);
        shown = whole.value;
        needsWhole = false;
      };
      for (const [value, becomes] of updates) {
        const change = overTheWire<Change | undefined>(published.publish(value));
        if (becomes === "broken") {
          mirror.forget();
          needsWhole = true;
        }
        if (becomes === "lost") {
          needsWhole ||= change !== undefined;
          continue;
        }
        const next = change === undefined ? undefined : mirror.takeChange(change);
        // A change is taken exactly when none before it was missed.
        if (change !== undefined) expect(next === undefined).toBe(needsWhole);
        if (next !== undefined) shown = next;
        if (needsWhole) sendWhole();
        expect(shown).toEqual(value);
      }
    }),
    { numRuns: 500 },
  );
});

it("a change of something else is never taken", () => {
  const [web, queue] = [createPublished<State>(), createPublished<State>()];
  const mirror = createMirror<State>();
  web.publish({ at: 1, items: [] });
  queue.publish({ at: 1, items: [] });
  const whole = web.whole();
  if (whole === undefined) throw new Error("Nothing is published");
  mirror.takeWhole(whole);
  const change = queue.publish({ at: 2, items: [] });
  expect(change === undefined ? undefined : mirror.takeChange(change)).toBeUndefined();
});

function overTheWire<Value>(value: Value): Value {
  return value === undefined ? value : JSON.parse(JSON.stringify(value));
}
