import type { PoolName } from "@elastic-gas/shared/resources";

/** Everything that a run left behind, as values: the checker looks at nothing else. Instants are epoch milliseconds. */
export interface Evidence {
  readonly faults: readonly FaultRecord[];
  /** Times in which the web pool was resized by hand and no fault was in force. */
  readonly resizes: readonly Span[];
  readonly requests: readonly RequestRecord[];
  readonly registrations: readonly Registration[];
  readonly submissions: readonly Submission[];
  readonly downloads: readonly Download[];
  readonly payments: readonly Payment[];
  readonly sizes: readonly PoolSize[];
  readonly told: readonly Told[];
  readonly expectations: readonly Expectation[];
  readonly final: FinalListing;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface FaultRecord extends Span {
  readonly name: string;
  /** Null when it was in force; else why it could not be made here. */
  readonly notMade: string | null;
  /** Calls of AWS services that it hit; null when it is about none. */
  readonly hits: number | null;
}

/** Something that had to go on, or come back, although a fault was there. */
export interface Expectation {
  readonly at: number;
  readonly what: string;
  /** Null: it held. */
  readonly failure: string | null;
}

/** One request as its client saw it. */
export interface RequestRecord {
  readonly kind: "page" | "signed-in page" | "photo" | "provider sign-in" | "other's job" | "other's result";
  readonly at: number;
  readonly ms: number;
  /** Null: no answer came, `failure` says why. */
  readonly status: number | null;
  readonly failure: string | null;
  readonly hasRetryAfter: boolean;
}

export interface Registration {
  readonly at: number;
  readonly username: string;
}

/** A job whose submission was acknowledged. */
export interface Submission {
  readonly at: number;
  readonly jobId: string;
  readonly userId: number;
  readonly email: string;
  /** Records of its file; null: a file that can only fail. */
  readonly records: number | null;
}

export interface Download {
  readonly at: number;
  readonly jobId: string;
  readonly sha256: string;
  readonly records: number;
}

/** A card payment that the payment page took. */
export interface Payment {
  readonly at: number;
  readonly userId: number;
}

/** A pool at one instant. */
export interface PoolSize {
  readonly at: number;
  readonly pool: PoolName;
  readonly desired: number;
  readonly min: number;
  readonly max: number;
  /** Instances that run or boot and were not chosen to end. */
  readonly staying: number;
}

/** Something that the manager's pages told. */
export interface Told {
  readonly at: number;
  readonly what: string;
}

/** What is there when all has come to rest. */
export interface FinalListing {
  readonly usernames: ReadonlySet<string>;
  readonly jobs: ReadonlyMap<string, FinalJob>;
  /** Jobs of each object in the results bucket. */
  readonly results: readonly { readonly jobId: string; readonly userId: number; readonly key: string }[];
  /** Jobs of the notification mails, one entry for each mail. */
  readonly mails: readonly { readonly jobId: string; readonly to: string }[];
  /** Subscriptions at Stripe that are paid for, one entry for each. */
  readonly subscriptions: readonly { readonly userId: number; readonly ended: boolean }[];
  readonly workers: readonly FinalWorker[];
  readonly desired: Readonly<Record<PoolName, number>>;
}

export interface FinalJob {
  readonly userId: number;
  readonly status: string;
  readonly failure: string | null;
  readonly role: string;
  readonly archiveState: string;
  /** A Free user's time for the result was over long enough ago. */
  readonly isDueForArchive: boolean;
}

/** An instance that lives at the end. */
export interface FinalWorker {
  readonly id: string;
  readonly pool: PoolName;
  readonly intentId: string | null;
  /** The launch intent that names it exists. */
  readonly isIntended: boolean;
}
