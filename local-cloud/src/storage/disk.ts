import { mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "@elastic-gas/shared/logger";
import { DiskFullError } from "./disk-full.ts";

export interface DiskOptions {
  /** A folder on the disk; the reserve lies in it. */
  readonly folder: string;
  /** Kept for what must go on while the disk is full; 0 keeps nothing. */
  readonly reserveBytes: number;
  readonly log: Logger;
}

const LOOK_MS = 1000;
/** With less than this left nothing new is stored. */
const LEAST_FREE_BYTES = 8 * 1024 * 1024;

/**
 * The disk that everything is stored on.
 *
 *   roomy -> full    little is left: nothing large is stored any more, and the reserve is given up for small writes
 * (receives of
 *                    messages, metrics, states of instances)
 *   full  -> roomy   there is room for the reserve again
 *
 * So a disk that somebody fills costs uploads and nothing else.
 */
export class Disk {
  readonly #options: DiskOptions;
  readonly #reserve: string;
  readonly #timer: NodeJS.Timeout;
  #hasReserve = false;
  #isLow = false;
  #isPretending = false;

  constructor(options: DiskOptions) {
    this.#options = options;
    this.#reserve = join(options.folder, "disk-reserve");
    mkdirSync(options.folder, { recursive: true });
    this.#hasReserve = (statSync(this.#reserve, { throwIfNoEntry: false })?.size ?? 0) >= options.reserveBytes;
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  get isFull(): boolean {
    return this.#isLow || this.#isPretending;
  }

  /** Throws when nothing large may be stored now. */
  checkRoom(): void {
    if (this.isFull) throw new DiskFullError();
  }

  /** For tests and demonstrations: the disk counts as full until this is taken back. */
  pretendFull(isFull: boolean): void {
    this.#isPretending = isFull;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { folder, reserveBytes, log } = this.#options;
    const freeBytes = freeBytesOf(folder);
    if (freeBytes === undefined) return;
    const neededBytes = LEAST_FREE_BYTES + (this.#hasReserve ? 0 : reserveBytes);
    const wasLow = this.#isLow;
    this.#isLow = freeBytes < neededBytes;
    if (this.#isLow) this.#giveUpReserve();
    else if (!this.#hasReserve) this.#makeReserve();
    if (this.#isLow && !wasLow) log.error({ folder, freeBytes }, "the disk is full; nothing large is stored");
    if (!this.#isLow && wasLow) log.info({ folder, freeBytes }, "the disk has room again");
  }

  #giveUpReserve(): void {
    if (this.#hasReserve) rmSync(this.#reserve, { force: true });
    this.#hasReserve = false;
  }

  #makeReserve(): void {
    try {
      // Real bytes: a file with a hole in it would reserve nothing.
      writeFileSync(this.#reserve, Buffer.alloc(this.#options.reserveBytes, 1));
      this.#hasReserve = true;
    } catch {
      rmSync(this.#reserve, { force: true });
      this.#isLow = true;
    }
  }
}

/** Undefined when the folder is not there: whoever removes it has no use for a reserve either. */
function freeBytesOf(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
