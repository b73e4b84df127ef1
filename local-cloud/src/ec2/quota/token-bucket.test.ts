import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bucket, look, newBucket, secondsToNextLook } from "./token-bucket.ts";

const LIMITS = { vcpus: 0.2, creditCpuSeconds: 0, hasCredit: false };

test("a busy session gets exactly its share, however late the looks come", () => {
  const lateness = fc.array(fc.double({ min: 0, max: 0.03, noNaN: true }), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(
      fc.double({ min: 0.05, max: 0.9, noNaN: true }),
      fc.integer({ min: 1, max: 4 }),
      lateness,
      (vcpus, threads, late) => {
        const seconds = 60;
        let bucket: Bucket = newBucket(0, 0);
        for (let turn = 0; bucket.at < seconds; turn++) {
          const wait = secondsToNextLook(bucket, vcpus, 4) + (late[turn % late.length] ?? 0);
          const used = bucket.used + (bucket.isPaused ? 0 : threads * wait);
          bucket = look(bucket, used, bucket.at + wait, { ...LIMITS, vcpus });
        }
        expect(bucket.used / bucket.at / Math.min(vcpus, threads)).toBeGreaterThan(0.95);
        expect(bucket.used / bucket.at / vcpus).toBeLessThan(1.05);
      },
    ),
  );
});

test("an idle session saves up only a moment", () => {
  const bucket = look(newBucket(0, 0), 0, 3600, LIMITS);
  expect(bucket.level).toBeCloseTo(0.06);
  expect(bucket.isPaused).toBe(false);
});

test("pauses in debt and goes on when a round is saved, not before", () => {
  const paused = look(newBucket(0, 0), 0.1, 0.1, LIMITS);
  expect(paused).toMatchObject({ isPaused: true });
  expect(look(paused, 0.1, 0.45, LIMITS).isPaused).toBe(true);
  expect(look(paused, 0.1, 0.6001, LIMITS).isPaused).toBe(false);
});

test("launch credit is free while it lasts, in CPU seconds and in time", () => {
  const credit = { ...LIMITS, creditCpuSeconds: 5, hasCredit: true };
  const booting = look(newBucket(0, 0), 4.9, 5, credit);
  expect(booting.isPaused).toBe(false);
  // 0.1 of the 0.2 s was still free, and an idle moment was saved.
  expect(look(booting, 5.1, 5.2, credit).level).toBeCloseTo(0.06 - 0.1);
  expect(look(booting, 5.1, 5.2, LIMITS).level).toBeCloseTo(0.06 - 0.2);
});
