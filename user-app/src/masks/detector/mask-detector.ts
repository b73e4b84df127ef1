import type { Logger } from "@elastic-gas/shared/logger";
import { admit, type DetectorLoad, nextServiceSeconds } from "./admission.ts";
import { type DetectorThread, ModelRejected, startDetectorThread } from "./detector-thread.ts";
import { PictureUnusable } from "./picture.ts";
import type { CheckedPicture } from "./worker-messages.ts";

export type Availability = { readonly kind: "ready" } | { readonly kind: "missing"; readonly reason: string };

/** The wait would be too long; nothing was taken. */
export class DetectorBusy extends Error {
  override name = "DetectorBusy";
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super(`The detector is busy. Your photo was not taken; try again in ${retryAfterSeconds}\u00a0s.`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** There is no usable model file. */
export class DetectorUnavailable extends Error {
  override name = "DetectorUnavailable";
}

/** Of one picture among those that wait, from the begin of its request on. Given back when the request ends. */
export interface Place extends Disposable {}

/** Everything that pages and the API need of mask detection. */
export interface MaskDetector {
  availability(): Availability;
  /** Resolves when the first attempt to load the model has ended, either way. */
  settled(): Promise<void>;
  /** For a picture whose body is still to be read. Throws DetectorBusy, DetectorUnavailable. */
  takePlace(): Place;
  /** Pictures that have a place, wait or are being checked. */
  queued(): number;
  /**
   * Finds faces and draws. A picture with a place is not refused for those that came after it, nor because pictures
   * take longer than when it took its place. Throws PictureUnusable, DetectorBusy, DetectorUnavailable, and the
   * signal's reason when it aborts while the picture waits.
   */
  check(bytes: Uint8Array, options?: CheckOptions): Promise<CheckedPicture>;
  close(): Promise<void>;
}

export interface CheckOptions {
  readonly place?: Place | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface MaskDetectorOptions {
  /** Resolves with the model file's path. Called again a while later when it throws. */
  readonly locateModel: () => Promise<string>;
  readonly log: Logger;
  readonly threads?: number;
  readonly retryModelMs?: number;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly resolve: (picture: CheckedPicture) => void;
  readonly reject: (error: unknown) => void;
}

/** A guess until the first picture was checked. */
const FIRST_SERVICE_SECONDS = 0.25;
/** The largest accepted picture takes a few seconds on a throttled worker; beyond this something is stuck. */
const CHECK_TIMEOUT_MS = 45_000;
/** MASK_MODEL may name a file that is put there later. */
const RETRY_MODEL_MS = 60_000;
const WAITING_FOR_MODEL = "The mask model is being loaded. Try again in a few seconds.";

/** Starts at once and loads the model in the background; until then `availability()` says what is missing. */
export function startMaskDetector(options: MaskDetectorOptions): MaskDetector {
  return new ThreadedDetector(options);
}

class ThreadedDetector implements MaskDetector {
  readonly #options: MaskDetectorOptions;
  readonly #size: number;
  readonly #places = new Set<Place>();
  readonly #waiting: Waiting[] = [];
  readonly #threads = new Set<DetectorThread>();
  readonly #idle: DetectorThread[] = [];
  readonly #running: Waiting[] = [];
  #serviceSeconds = FIRST_SERVICE_SECONDS;
  #measured = 0;
  #missing: string | null = WAITING_FOR_MODEL;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  #loading = false;
  readonly #firstLoad: Promise<void>;

  constructor(options: MaskDetectorOptions) {
    this.#options = options;
    this.#size = options.threads ?? 1;
    this.#firstLoad = this.#load();
  }

  settled(): Promise<void> {
    return this.#firstLoad;
  }

  availability(): Availability {
    return this.#missing === null ? { kind: "ready" } : { kind: "missing", reason: this.#missing };
  }

  takePlace(): Place {
    this.#admit(0);
    const place: Place = { [Symbol.dispose]: () => void this.#places.delete(place) };
    this.#places.add(place);
    return place;
  }

  queued(): number {
    return this.#places.size + this.#waiting.length + this.#running.length;
  }

  async check(bytes: Uint8Array, { place, signal }: CheckOptions = {}): Promise<CheckedPicture> {
    signal?.throwIfAborted();
    this.#admit(bytes.byteLength, place);
    // It counts among those that wait from here on.
    place?.[Symbol.dispose]();
    const { promise, resolve, reject } = Promise.withResolvers<CheckedPicture>();
    const waiting = { bytes, resolve, reject };
    const leave = () => {
      const index = this.#waiting.indexOf(waiting);
      if (index < 0) return;
      this.#waiting.splice(index, 1);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", leave, { once: true });
    this.#waiting.push(waiting);
    this.#next();
    return promise.finally(() => signal?.removeEventListener("abort", leave));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#missing = "This worker is stopping.";
    for (const { reject } of this.#waiting.splice(0)) reject(new DetectorUnavailable(this.#missing));
    await Promise.all([...this.#threads].map((thread) => thread.close()));
  }

  /** Those with a place came before. */
  #admit(sizeBytes: number, place?: Place): void {
    if (this.#missing !== null) throw new DetectorUnavailable(this.#missing);
    const hasPlace = place !== undefined && this.#places.has(place);
    const queued = hasPlace ? this.#waiting.length + this.#running.length : this.queued();
    const admission = admit(this.#measure(queued), sizeBytes, hasPlace);
    if (admission.kind === "refused") throw new DetectorBusy(admission.retryAfterSeconds);
  }

  #measure(queued: number): DetectorLoad {
    const queuedBytes = [...this.#waiting, ...this.#running].reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    return { queued, serviceSeconds: this.#serviceSeconds, threads: this.#size, queuedBytes };
  }

  /** Brings the number of threads up to the wanted size. */
  async #load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      const modelPath = await this.#options.locateModel();
      while (this.#threads.size < this.#size && !this.#closed) {
        const thread = await startDetectorThread({ modelPath });
        if (this.#closed) return await thread.close();
        this.#threads.add(thread);
        this.#idle.push(thread);
      }
      this.#missing = this.#closed ? this.#missing : null;
      this.#next();
    } catch (error) {
      this.#giveUpForNow(error);
    } finally {
      this.#loading = false;
    }
  }

  #giveUpForNow(error: unknown): void {
    if (this.#closed) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#missing = error instanceof ModelRejected ? `The mask model does not work: ${reason}` : reason;
    this.#options.log.warn({ err: error }, "mask detection is not available");
    for (const { reject } of this.#waiting.splice(0)) reject(new DetectorUnavailable(this.#missing));
    this.#retry = setTimeout(() => void this.#load(), this.#options.retryModelMs ?? RETRY_MODEL_MS);
    this.#retry.unref();
  }

  #next(): void {
    while (this.#idle.length > 0 && this.#waiting.length > 0) {
      const thread = this.#idle.shift();
      const job = this.#waiting.shift();
      if (thread && job) void this.#run(thread, job);
    }
  }

  async #run(thread: DetectorThread, job: Waiting): Promise<void> {
    this.#running.push(job);
    const startedMs = performance.now();
    try {
      const answer = await thread.run(job.bytes, CHECK_TIMEOUT_MS);
      if (answer.kind === "checked") job.resolve(answer.picture);
      else if (answer.kind === "unusable") job.reject(new PictureUnusable(answer.problem, answer.message));
      else job.reject(new Error(`The mask detector failed: ${"message" in answer ? answer.message : answer.kind}`));
      const seconds = (performance.now() - startedMs) / 1000;
      this.#serviceSeconds = nextServiceSeconds(this.#serviceSeconds, seconds, this.#measured);
      this.#measured += 1;
      this.#idle.push(thread);
    } catch (error) {
      job.reject(this.#closed ? new DetectorUnavailable("This worker is stopping.") : error);
      this.#threads.delete(thread);
      if (!this.#closed) {
        this.#options.log.error({ err: error }, "detector thread lost, starting another");
        void this.#load();
      }
    }
    this.#running.splice(this.#running.indexOf(job), 1);
    this.#next();
  }
}
