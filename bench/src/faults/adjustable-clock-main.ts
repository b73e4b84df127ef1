import { readFileSync } from "node:fs";

/*
 * Preloaded into the processes of a run (`node --import`). The clock of a part is off by as many milliseconds as the
 * file ADJUSTABLE_CLOCK says for it; timers keep their pace, as when somebody sets a machine's clock.
 */
const LOOK_MS = 500;
const file = process.env.ADJUSTABLE_CLOCK;
const part = /([a-z-]+)\/src\/main\.ts$/.exec(process.argv[1] ?? "")?.[1];
if (file !== undefined && part !== undefined) adjust(file, part);

function adjust(path: string, name: string): void {
  const RealDate = Date;
  let offsetMs = 0;
  const look = () => {
    try {
      const offsets: unknown = JSON.parse(readFileSync(path, "utf8"));
      offsetMs = Number(Reflect.get(Object(offsets), name) ?? 0);
    } catch {
      // Half-written; the next look reads it whole.
    }
  };
  setInterval(look, LOOK_MS).unref();
  look();
  const now = () => RealDate.now() + offsetMs;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given, newTarget) => Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
  });
}
