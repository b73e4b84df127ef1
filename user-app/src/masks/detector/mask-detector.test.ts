import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@elastic-gas/shared/logger";
import { readSample } from "@elastic-gas/testing/user-app/mask-samples";
import sharp from "sharp";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ModelMissing, SHIPPED_MODEL } from "../model/mask-model.ts";
import {
  DetectorBusy,
  DetectorUnavailable,
  type MaskDetector,
  type MaskDetectorOptions,
  type Place,
  startMaskDetector,
} from "./mask-detector.ts";
import { PictureUnusable } from "./picture.ts";

function start(overrides: Partial<MaskDetectorOptions> = {}): MaskDetector {
  const detector = startMaskDetector({
    locateModel: async () => SHIPPED_MODEL,
    log: createLogger("test", "silent"),
    ...overrides,
  });
  onTestFinished(() => detector.close());
  return detector;
}
const ready = (detector: MaskDetector) =>
  vi.waitFor(() => expect(detector.availability()).toEqual({ kind: "ready" }), 60_000);
function takeAllPlaces(detector: MaskDetector): Place[] {
  const places: Place[] = [];
  try {
    for (;;) places.push(detector.takePlace());
  } catch (error) {
    if (!(error instanceof DetectorBusy)) throw error;
    return places;
  }
}

/** A thread loads sharp and the model, and many pictures are checked: minutes when all cores are busy. */
const BUSY_MACHINE = { timeout: 180_000 };

describe("mask detector", BUSY_MACHINE, () => {
  it("checks photos on another thread while this one goes on", async () => {
    const detector = start();
    await ready(detector);
    let turns = 0;
    const ticker = setInterval(() => (turns += 1), 1);
    const checked = await detector.check(readSample("mixed-three.jpg"));
    clearInterval(ticker);
    expect(turns).toBeGreaterThan(3);
    expect(checked.faces.map(({ masked }) => masked)).toEqual([false, true, false]);
    expect(checked).toMatchObject({ width: 900, height: 700, contentType: "image/jpeg" });
    expect(checked.annotated.length).toBeGreaterThan(checked.thumbnail.length);
    expect(detector.queued()).toBe(0);
  });

  it("goes on after a photo that it cannot read", async () => {
    const detector = start();
    await ready(detector);
    await expect(detector.check(readSample("one-bare.jpg").subarray(0, 4000))).rejects.toThrow(PictureUnusable);
    expect((await detector.check(readSample("one-masked.jpg"))).faces).toHaveLength(1);
  });

  it("checks every photo that was admitted and refuses the others at once", async () => {
    const detector = start();
    await ready(detector);
    const photo = readSample("one-masked.jpg");
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => detector.check(photo)));
    const refused = outcomes.filter((outcome) => outcome.status === "rejected").map(({ reason }) => reason as unknown);
    // 20 s at the first guess of 0.25 s each, and the one that is being checked.
    expect(outcomes.length - refused.length).toBe(81);
    for (const reason of refused) expect(reason).toBeInstanceOf(DetectorBusy);
    expect(refused[0]).toMatchObject({
      retryAfterSeconds: 11,
      message: expect.stringContaining("try again in 11\u00a0s"),
    });
    expect(() => detector.takePlace()).not.toThrow();
  });

  it("refuses at once when as many as can be checked in time have a place, though none of them has sent its photo", async () => {
    const detector = start();
    await ready(detector);
    const places = Array.from({ length: 81 }, () => detector.takePlace());
    expect(() => detector.takePlace()).toThrow(DetectorBusy);
    await expect(detector.check(readSample("one-masked.jpg"))).rejects.toThrow(DetectorBusy);
    const [first, second] = places;
    // Those who have a place are taken.
    expect((await detector.check(readSample("one-masked.jpg"), { place: first })).faces).toHaveLength(1);
    second?.[Symbol.dispose]();
    expect(detector.queued()).toBe(79);
  });

  it("refuses nobody who has a place, also when photos take longer than when it took that", async () => {
    const detector = start();
    await ready(detector);
    const photo = readSample("one-masked.jpg");
    await detector.check(photo);
    const places = takeAllPlaces(detector);
    const large = await sharp(photo).resize(7_000, 5_000, { fit: "fill" }).jpeg().toBuffer();
    await detector.check(large, { place: places.pop() });
    expect(() => detector.takePlace()).toThrow(DetectorBusy);
    const leaving = new AbortController();
    const checks = places.map((place) => detector.check(photo, { place, signal: leaving.signal }));
    leaving.abort();
    const outcomes = await Promise.allSettled(checks);
    expect(outcomes.filter((each) => each.status === "rejected" && each.reason instanceof DetectorBusy)).toEqual([]);
  });

  it("forgets a photo whose sender left while it waited", async () => {
    const detector = start();
    await ready(detector);
    const photo = readSample("one-masked.jpg");
    const first = detector.check(photo);
    const leaving = new AbortController();
    const second = detector.check(photo, { signal: leaving.signal });
    expect(detector.queued()).toBe(2);
    leaving.abort();
    await expect(second).rejects.toThrow("aborted");
    expect(detector.queued()).toBe(1);
    expect((await first).faces).toHaveLength(1);
  });
});

describe("mask detector without a usable model", BUSY_MACHINE, () => {
  it("says what is missing and to do, and is ready once the model is there", async () => {
    let there = false;
    const locateModel = async () => {
      if (!there) throw new ModelMissing("The mask model is missing: there is no file at MASK_MODEL.");
      return SHIPPED_MODEL;
    };
    const detector = start({ locateModel, retryModelMs: 20 });
    await vi.waitFor(
      () =>
        expect(detector.availability()).toEqual({
          kind: "missing",
          reason: "The mask model is missing: there is no file at MASK_MODEL.",
        }),
      60_000,
    );
    await expect(detector.check(Buffer.from("x"))).rejects.toThrow(DetectorUnavailable);
    there = true;
    await ready(detector);
    expect((await detector.check(readSample("one-masked.jpg"))).faces).toHaveLength(1);
  });

  it("names a file that is no model", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mask-model-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "model");
    await writeFile(path, "<html>");
    const detector = start({ locateModel: async () => path });
    await vi.waitFor(
      () =>
        expect(detector.availability()).toMatchObject({
          reason: expect.stringContaining("The mask model does not work"),
        }),
      60_000,
    );
  });
});
