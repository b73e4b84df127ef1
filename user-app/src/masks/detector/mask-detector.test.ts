import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@elastic-gas/shared/logger";
import { MODEL_PATH, missingSamples, readSample } from "@elastic-gas/testing/user-app/mask-samples";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ModelMissing } from "../model/model-file.ts";
import {
  DetectorBusy,
  DetectorUnavailable,
  type MaskDetector,
  type MaskDetectorOptions,
  startMaskDetector,
} from "./mask-detector.ts";
import { PictureUnusable } from "./picture.ts";

function start(overrides: Partial<MaskDetectorOptions> = {}): MaskDetector {
  const detector = startMaskDetector({
    locateModel: async () => MODEL_PATH,
    log: createLogger("test", "silent"),
    ...overrides,
  });
  onTestFinished(() => detector.close());
  return detector;
}
const ready = (detector: MaskDetector) =>
  vi.waitFor(() => expect(detector.availability()).toEqual({ kind: "ready" }), 120_000);

describe.skipIf(missingSamples)(`mask detector${missingSamples ? ` (skipped: ${missingSamples})` : ""}`, () => {
  it("checks photos on another thread while this one goes on", async () => {
    const detector = start();
    await ready(detector);
    let turns = 0;
    const ticker = setInterval(() => (turns += 1), 1);
    const checked = await detector.check(readSample("mixed_3.jpg"));
    clearInterval(ticker);
    expect(turns).toBeGreaterThan(3);
    expect(checked.faces.map(({ masked }) => masked)).toEqual([false, true, false]);
    expect(checked).toMatchObject({ width: 824, height: 431, contentType: "image/jpeg" });
    expect(checked.annotated.length).toBeGreaterThan(checked.thumbnail.length);
    expect(detector.queued()).toBe(0);
  });

  it("goes on after a photo that it cannot read", async () => {
    const detector = start();
    await ready(detector);
    await expect(detector.check(readSample("bad_corrupt.jpg"))).rejects.toThrow(PictureUnusable);
    expect((await detector.check(readSample("one_masked_a.jpg"))).faces).toHaveLength(1);
  });

  it("checks every photo that was admitted and refuses the others at once", async () => {
    const detector = start();
    await ready(detector);
    const photo = readSample("one_masked_a.jpg");
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => detector.check(photo)));
    const refused = outcomes.filter((outcome) => outcome.status === "rejected").map(({ reason }) => reason as unknown);
    // 20 s at the first guess of 0.25 s each, and the one that is being checked.
    expect(outcomes.length - refused.length).toBe(81);
    for (const reason of refused) expect(reason).toBeInstanceOf(DetectorBusy);
    expect(refused[0]).toMatchObject({ retryAfterSeconds: 11, message: expect.stringContaining("try again in 11 s") });
    expect(detector.admission()).toEqual({ kind: "admitted" });
  }, 300_000);

  it("forgets a photo whose sender left while it waited", async () => {
    const detector = start();
    await ready(detector);
    const photo = readSample("one_masked_a.jpg");
    const first = detector.check(photo);
    const leaving = new AbortController();
    const second = detector.check(photo, leaving.signal);
    expect(detector.queued()).toBe(2);
    leaving.abort();
    await expect(second).rejects.toThrow("aborted");
    expect(detector.queued()).toBe(1);
    expect((await first).faces).toHaveLength(1);
  });
});

describe("mask detector without a usable model", () => {
  it("says what is missing and to do, and is ready once the model is there", async () => {
    let there = false;
    const locateModel = async () => {
      if (!there) throw new ModelMissing("The mask model is missing: set MASK_MODEL.");
      return MODEL_PATH;
    };
    const detector = start({ locateModel, retryModelMs: 20 });
    await vi.waitFor(() =>
      expect(detector.availability()).toEqual({
        kind: "missing",
        reason: "The mask model is missing: set MASK_MODEL.",
      }),
    );
    await expect(detector.check(Buffer.from("x"))).rejects.toThrow(DetectorUnavailable);
    if (missingSamples) return;
    there = true;
    await ready(detector);
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
      10_000,
    );
  });
});
