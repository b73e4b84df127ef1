import { applyDelta, type Delta, diff } from "./delta.ts";

/** The state of something at one moment, whole. */
export interface Whole<Value> {
  readonly version: number;
  readonly value: Value;
}

/** The way from the version before to the next one. */
export interface Change {
  readonly from: number;
  readonly version: number;
  readonly delta: Delta;
}

/** The sender's side: what all who listen have, if they got every change. */
export interface Published<Value> {
  /** Makes it the present value; undefined when it is that already, or the first one. */
  publish(value: Value): Change | undefined;
  /** What somebody needs who has nothing, or missed a change. */
  whole(): Whole<Value> | undefined;
}

let lastVersion = 0;

export function createPublished<Value>(): Published<Value> {
  let present: Whole<Value> | undefined;
  return {
    publish(value) {
      const before = present;
      if (before?.value === value) return undefined;
      lastVersion += 1;
      present = { version: lastVersion, value };
      if (before === undefined) return undefined;
      return { from: before.version, version: lastVersion, delta: diff(before.value, value) ?? { of: {} } };
    },
    whole: () => present,
  };
}

/** The receiver's side: never a value that the sender did not have. */
export interface Mirror<Value> {
  takeWhole(whole: Whole<Value>): void;
  /** The next value; undefined when the version that it changes is not the one here: then the whole is needed. */
  takeChange(change: Change): Value | undefined;
  forget(): void;
}

export function createMirror<Value>(): Mirror<Value> {
  let present: Whole<Value> | undefined;
  return {
    takeWhole(whole) {
      present = whole;
    },
    takeChange({ from, version, delta }) {
      if (present?.version !== from) return undefined;
      // The sender made the delta of two values of this type.
      const value = applyDelta(present.value, delta) as Value;
      present = { version, value };
      return value;
    },
    forget() {
      present = undefined;
    },
  };
}
