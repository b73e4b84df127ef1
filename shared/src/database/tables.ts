import type { ColumnType, Generated } from "kysely";
import type { JobSummary } from "../jobs/summary.ts";
import type { PoolName, QueueKey } from "../resources.ts";

/**
 * A JSON column: written as text, read as a value. Readers validate with zod where the writer may be older than the
 * reader.
 */
export type Json<Value> = ColumnType<Value, string, string>;
type JsonOrNull<Value> = ColumnType<Value | null, string | null | undefined, string | null>;
/** May be left out when a row is made. */
type OrNull<Value> = ColumnType<Value | null, Value | null | undefined, Value | null>;
/** DATETIME(3), UTC. */
type CreatedAt = ColumnType<Date, Date | undefined, Date>;
/** TINYINT(1). */
type Flag = ColumnType<boolean, boolean | undefined, boolean>;

export type Role = "free_user" | "premium_user";
export type JobStatus = "PENDING" | "RUNNING" | "COMPLETED" | "FAILED";
export type ArchiveStoreName = "glacier-vault" | "s3-glacier";
export type UserMailKind =
  | "result-restored"
  | "payment-failed"
  | "period-ends"
  | "invitation"
  | "password-reset"
  | "reset-in-manager"
  | "confirm-address"
  | "address-notice"
  | "tokens-end";
export type ArchiveState = "kept" | "archiving" | "archived" | "restoring";

export interface UsersTable {
  id: Generated<number>;
  username: string;
  /** What the name looks like (username.ts), unique; null for an old account whose name looks like an older one's. */
  usernameSkeleton: OrNull<string>;
  name: ColumnType<string, string | undefined, string>;
  email: string | null;
  institution: ColumnType<string, string | undefined, string>;
  /** bcrypt; null for accounts that sign in by OpenID Connect only. */
  passwordHash: string | null;
  passwordChangedAt: CreatedAt;
  role: ColumnType<Role, Role | undefined, Role>;
  isAdmin: Flag;
  /** May look at the manager and change nothing there. */
  isViewer: Flag;
  oidcIssuer: string | null;
  oidcSubject: string | null;
  stripeCustomerId: string | null;
  /** When the subscriptions stored here were asked for at Stripe, by the database's clock. */
  stripeSyncedAt: ColumnType<Date | null, Date | null | undefined, Date | null>;
  createdAt: CreatedAt;
  /** When the user was last asked by mail to set a first password; null once there is one. */
  invitedAt: OrNull<Date>;
}

export interface SessionsTable {
  /** SHA-256 of the session id, hex: the table alone opens no session. */
  idHash: string;
  userId: number | null;
  data: Json<Record<string, unknown>>;
  address: string | null;
  userAgent: string | null;
  createdAt: CreatedAt;
  seenAt: CreatedAt;
  expiresAt: Date;
}

export interface PasswordResetsTable {
  tokenHash: string;
  userId: number;
  expiresAt: Date;
  usedAt: Date | null;
  createdAt: CreatedAt;
}

export interface EmailChangesTable {
  tokenHash: string;
  userId: number;
  /** The address that the link was sent to. */
  email: string;
  expiresAt: Date;
  usedAt: Date | null;
  createdAt: CreatedAt;
}

/** A mail to a user that is due or was sent; `kind` and `about` together are sent once. */
export interface UserMailsTable {
  id: Generated<number>;
  userId: number;
  kind: UserMailKind;
  /** What it is about: the restore of one job, a try to charge an invoice, the end of a period. */
  about: string;
  /** Another address than the user's: a new one that is not confirmed yet, or the one before. */
  recipient: OrNull<string>;
  detail: Json<unknown>;
  dueAt: Date;
  claimedUntil: OrNull<Date>;
  sentAt: OrNull<Date>;
  createdAt: CreatedAt;
}

/** An administrator's authenticator app (TOTP). */
export interface SecondFactorsTable {
  userId: number;
  /** Base32 as the app has it, sealed with TOTP_KEY. */
  secret: string;
  /** Asked for at sign-in from then on. */
  confirmedAt: Date | null;
  /** The 30 s of the last code that was taken: none is taken twice. */
  lastStep: number | null;
  createdAt: CreatedAt;
}

export interface RecoveryCodesTable {
  userId: number;
  codeHash: string;
  usedAt: Date | null;
}

/** The layout that rate-limiter-flexible's MySQL store expects. */
export interface RateLimitsTable {
  key: string;
  points: number;
  expire: number | null;
}

export type TokenAudience = "manager" | "user";

export interface ApiTokensTable {
  id: Generated<number>;
  userId: number;
  name: string;
  tokenHash: string;
  /** `operate` and `administer` of the manager's, `write` of users' tokens. */
  scope: "read" | "operate" | "administer" | "write";
  createdAt: CreatedAt;
  usedAt: Date | null;
  revokedAt: Date | null;
  /** Whose API it opens. */
  audience: ColumnType<TokenAudience, TokenAudience | undefined, TokenAudience>;
  /** Null: it works until it is revoked. */
  expiresAt: OrNull<Date>;
}

export interface AuditLogTable {
  id: Generated<number>;
  actor: string;
  action: string;
  target: string | null;
  detail: string | null;
  address: string | null;
  at: CreatedAt;
  /**
   * A refusal that comes again within a short time is counted rather than written again; `lastAt` is when it came last.
   */
  times: ColumnType<number, number | undefined, number>;
  lastAt: ColumnType<Date | null, Date | null | undefined, Date | null>;
}

export interface JobsTable {
  id: string;
  userId: number;
  inputName: string;
  inputKey: string;
  inputEtag: string;
  inputSize: number;
  /** The user's choice, null = to be found out. */
  build: string | null;
  status: ColumnType<JobStatus, JobStatus | undefined, JobStatus>;
  /** A sentence a person understands, when FAILED. */
  failure: string | null;
  attempt: ColumnType<number, number | undefined, number>;
  owner: string | null;
  leaseUntil: Date | null;
  progressPercent: number | null;
  submittedAt: CreatedAt;
  startedAt: Date | null;
  completedAt: Date | null;
  notifiedAt: Date | null;
  resultKey: string | null;
  logKey: string | null;
  resultSize: number | null;
  resultSha256: string | null;
  summary: JsonOrNull<JobSummary>;
  resultsFileArchiveId: string | null;
  archiveState: ColumnType<ArchiveState, ArchiveState | undefined, ArchiveState>;
  archiveGeneration: ColumnType<number, number | undefined, number>;
  archiveTier: string | null;
  archivedAt: Date | null;
  restoreAskedAt: Date | null;
  /**
   * The data generation (table settings) in which the job was made; another one means that all data were deleted since.
   */
  dataGeneration: ColumnType<number, number | undefined, number>;
  /** Attempts that failed for a reason that does not pass by itself. */
  failures: ColumnType<number, number | undefined, number>;
  /** Attempts whose worker was gone before they ended. */
  lostWorkers: ColumnType<number, number | undefined, number>;
  /** A PENDING job is not to be claimed before. */
  retryAt: Date | null;
  /** Until then one process has its mail in hand. */
  mailClaimedUntil: Date | null;
  /** The store that holds the archive, whatever the setting ARCHIVE_DRIVER says by now. */
  archiveStore: ArchiveStoreName | null;
  /** Of the retrieval that is under way. */
  retrievalId: string | null;
  /** When that retrieval was last looked at. */
  retrievalCheckedAt: Date | null;
  /** The owner's name for it; null: that of its file. */
  title: OrNull<string>;
  /** When its owner ended it; its status is FAILED then. */
  cancelledAt: OrNull<Date>;
  /** When its input was deleted because its retention ended. */
  inputDeletedAt: OrNull<Date>;
  /** The end of its log while it runs; of no use unless `runningLogAttempt` is `attempt`. */
  runningLog: OrNull<string>;
  runningLogAttempt: OrNull<number>;
}

export interface ImagesTable {
  id: string;
  userId: number;
  originalKey: string;
  annotatedKey: string;
  thumbnailKey: string;
  fileName: string;
  contentType: string;
  width: number;
  height: number;
  sizeBytes: number;
  faces: number;
  masked: number;
  unmasked: number;
  /** `[{ left, top, width, height, masked, confidence }]`, pixels of the upright original. */
  boxes: Json<readonly FaceBox[]>;
  createdAt: CreatedAt;
}

export interface FaceBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly masked: boolean;
  readonly confidence: number;
}

export interface SubscriptionsTable {
  id: string;
  userId: number;
  status: string;
  currentPeriodEnd: Date | null;
  cancelAtPeriodEnd: Flag;
  createdAt: CreatedAt;
  updatedAt: CreatedAt;
}

export interface StripeEventsTable {
  id: string;
  type: string;
  createdAt: CreatedAt;
}

export interface PoolsTable {
  name: PoolName;
  desired: number;
  min: number;
  max: number;
  policy: Json<unknown>;
  policyVersion: ColumnType<number, number | undefined, number>;
  policyState: JsonOrNull<unknown>;
  paused: Flag;
  pausedBy: string | null;
  pausedAt: Date | null;
  stopping: Flag;
  manualUntil: Date | null;
  /**
   * The run of start.sh for which the pool was resized to its minimum: once for each run, however often a part is
   * started again.
   */
  startId: string | null;
  /** When the autoscaler last looked at the pool and published its workers' states. */
  observedAt: OrNull<Date>;
  /** When its last check could be made. */
  checkedAt: OrNull<Date>;
  updatedAt: CreatedAt;
}

export interface PolicyVersionsTable {
  pool: PoolName;
  version: number;
  policy: Json<unknown>;
  min: number;
  max: number;
  actor: string;
  at: CreatedAt;
}

export interface DecisionsTable {
  id: Generated<number>;
  pool: PoolName;
  at: CreatedAt;
  kind: "grow" | "shrink" | "hold";
  desiredBefore: number;
  desiredAfter: number;
  inService: number;
  pending: number;
  warming: number;
  draining: number;
  /** The value that the policy measured (percent, requests per minute, messages), null without data. */
  measured: number | null;
  policyVersion: number;
  reason: string;
  facts: JsonOrNull<unknown>;
}

export type ActivityCause = "policy" | "manual" | "limits" | "replacement" | "start" | "stop" | "launch" | "update";

export interface ActivitiesTable {
  id: Generated<number>;
  pool: PoolName;
  at: CreatedAt;
  cause: ActivityCause;
  actor: string;
  desiredBefore: number;
  desiredAfter: number;
  measured: number | null;
  forecast: number | null;
  reason: string;
  instanceIds: Json<readonly string[]>;
  status: ColumnType<
    "in progress" | "successful" | "failed",
    "in progress" | "successful" | "failed" | undefined,
    string
  >;
  result: string | null;
  finishedAt: Date | null;
  epoch: number;
}

export interface LaunchIntentsTable {
  /** ClientToken of RunInstances and value of the tag elastic-gas:intent; never used again. */
  id: string;
  pool: PoolName;
  subnetId: string | null;
  state: "wanted" | "launched" | "failed";
  instanceId: string | null;
  failure: string | null;
  epoch: number;
  createdAt: CreatedAt;
  updatedAt: CreatedAt;
  /** The activity that it was made for. */
  activityId: OrNull<number>;
  /** What its worker runs. */
  releaseId: OrNull<string>;
}

/** One row per worker: its own heartbeat, and what the autoscaler or an admin decided about it. */
export interface WorkersTable {
  instanceId: string;
  pool: PoolName;
  jobId: string | null;
  /** Told to take no more work; written by the autoscaler, obeyed by the worker. */
  draining: Flag;
  drainingAt: Date | null;
  /** Kept when the pool shrinks; set in the dashboard. */
  protectedFromShrinking: Flag;
  /** Why the autoscaler ends it: `shrink`, `replacement`, `stop`, ..., under the epoch. */
  victimReason: string | null;
  victimEpoch: number | null;
  registeredAt: Date | null;
  inServiceAt: Date | null;
  unhealthySince: Date | null;
  /** The worker's last heartbeat; null until the first. */
  at: Date | null;
  /** CPU and requests of its last minutes, as `pools/load-points.ts` reads them. */
  loadPoints: JsonOrNull<unknown>;
  /** What the autoscaler acts on: state, reason and since when; null before its first look. */
  state: OrNull<string>;
  stateReason: JsonOrNull<unknown>;
  stateAt: OrNull<Date>;
  /** What was wrong with it when it was chosen to end. */
  endedFor: JsonOrNull<unknown>;
  /** The activity that ended it. */
  endedBy: OrNull<number>;
  /** Since when it has written every heartbeat; null until the first. */
  beatingSince: OrNull<Date>;
  /** What EC2 told it of its end, as `aws/interruption.ts` reads it; null: nothing. */
  interruption: JsonOrNull<unknown>;
  /** What it runs, as its instance's tag says. */
  releaseId: OrNull<string>;
  /** What it cannot do although it is healthy, a sentence: its mask model is missing. */
  lacks: OrNull<string>;
}

/** When a worker came into each of its states; a row stays after the worker is gone, for the charts. */
export interface WorkerHistoryTable {
  instanceId: string;
  pool: PoolName;
  launchedAt: Date;
  warmingAt: OrNull<Date>;
  inServiceAt: OrNull<Date>;
  drainingAt: OrNull<Date>;
  endedAt: OrNull<Date>;
  notedAt: CreatedAt;
}

/** A release as it was published; never changed. */
export interface ReleasesTable {
  /** SHA-256 of the manifest. */
  id: string;
  manifest: Json<unknown>;
  publishedBy: string;
  publishedAt: CreatedAt;
}

/** "running" and "paused" go on to the new release, "rolling back" to the old one; the other two are over. */
export type UpdateState = "running" | "paused" | "rolling back" | "completed" | "rolled back";

/** One release replacing another. What workers run outside of an update is the newest completed one's. */
export interface ReleaseUpdatesTable {
  id: Generated<number>;
  /** Null: the first release. */
  fromRelease: string | null;
  toRelease: string;
  state: UpdateState;
  /** True while it is under way, then null: the unique key allows one. */
  active: true | null;
  canarySeconds: number;
  startedBy: string;
  startedAt: Date;
  /** Why it was rolled back, or completed without a roll, as JSON that `scaling` reads. */
  reason: JsonOrNull<unknown>;
  finishedAt: OrNull<Date>;
}

/** How far an update is in one pool; written by the autoscaler. */
export interface ReleaseUpdatePoolsTable {
  updateId: number;
  pool: PoolName;
  canaryPassedAt: OrNull<Date>;
  /** What it does now, as JSON that `scaling` reads. */
  step: JsonOrNull<unknown>;
  /** The release that every worker of the pool was seen to run: the update's target, or what it went back to. */
  doneRelease: OrNull<string>;
}

export interface LeasesTable {
  name: string;
  holder: string | null;
  epoch: number;
  until: Date | null;
}

export interface OutboxTable {
  id: Generated<number>;
  queue: QueueKey;
  /** JSON text, as it will be sent. */
  body: string;
  delaySeconds: ColumnType<number, number | undefined, number>;
  createdAt: CreatedAt;
  /** Until then another sender has it in hand. */
  claimedUntil: Date | null;
  sentAt: Date | null;
}

/** A message that ended in a dead-letter queue, and the state a person was shown for it. */
export interface DeadLettersTable {
  id: Generated<number>;
  queue: QueueKey;
  messageId: string;
  body: string;
  outcome: string;
  at: CreatedAt;
  resolvedAt: Date | null;
  /** Why it was set aside. */
  reason: string | null;
  /** Set with resolvedAt when a person had it sent again. */
  sentAgainAt: Date | null;
}

/** A message that a sweep had sent, so that the next sweep does not send it again while it may still be on its way. */
export interface SweepMarksTable {
  sweep: string;
  subject: string;
  at: CreatedAt;
}

/** An object or archive that nothing refers to any more and that is still to be deleted. */
export interface PendingDeletesTable {
  id: Generated<number>;
  store: "results" | ArchiveStoreName;
  /** S3 key or archive id, never used again for anything else. */
  name: string;
  createdAt: CreatedAt;
}

export type ChannelKind = "mail" | "webhook" | "chat";

/** Where alerts are sent to. */
export interface AlertChannelsTable {
  id: Generated<number>;
  kind: ChannelKind;
  name: string;
  /** A mail address, or the URL of a webhook; those of chats are secrets. */
  target: string;
  /** Signs what a webhook gets. */
  secret: OrNull<string>;
  /** The kinds of events that it wants. */
  events: Json<readonly string[]>;
  /** Minutes of the day in `quietZone`; null: never quiet. */
  quietFrom: OrNull<number>;
  quietTo: OrNull<number>;
  quietZone: string;
  createdBy: string;
  createdAt: CreatedAt;
}

/** An alert that a channel was told and that has not ended. */
export interface AlertNoticesTable {
  channelId: number;
  alertId: string;
  title: string;
  /** It is told too when it ends; an event such as a grown pool only happens. */
  ends: boolean;
  raisedAt: Date;
  seenAt: Date;
}

export interface AlertDeliveriesTable {
  id: Generated<number>;
  channelId: number;
  alertId: string;
  phase: "raised" | "cleared";
  message: Json<unknown>;
  state: ColumnType<"waiting" | "sent" | "failed", "waiting" | undefined, "waiting" | "sent" | "failed">;
  attempts: ColumnType<number, number | undefined, number>;
  nextAt: Date;
  claimedUntil: OrNull<Date>;
  /** What the channel answered last. */
  result: OrNull<string>;
  createdAt: CreatedAt;
  finishedAt: OrNull<Date>;
}

/** Name in settings while all data are being deleted; uploads are refused meanwhile. */
export const DELETION_SETTING = "delete_all";

/** Single values: `data_generation`, `session_secret`, `stop_requested`, `delete_all`, ... */
export interface SettingsTable {
  name: string;
  value: string;
  updatedAt: CreatedAt;
}

export interface Tables {
  users: UsersTable;
  sessions: SessionsTable;
  managerSessions: SessionsTable;
  passwordResets: PasswordResetsTable;
  emailChanges: EmailChangesTable;
  userMails: UserMailsTable;
  secondFactors: SecondFactorsTable;
  recoveryCodes: RecoveryCodesTable;
  rateLimits: RateLimitsTable;
  apiTokens: ApiTokensTable;
  auditLog: AuditLogTable;
  jobs: JobsTable;
  images: ImagesTable;
  subscriptions: SubscriptionsTable;
  stripeEvents: StripeEventsTable;
  pools: PoolsTable;
  policyVersions: PolicyVersionsTable;
  decisions: DecisionsTable;
  activities: ActivitiesTable;
  launchIntents: LaunchIntentsTable;
  workers: WorkersTable;
  workerHistory: WorkerHistoryTable;
  releases: ReleasesTable;
  releaseUpdates: ReleaseUpdatesTable;
  releaseUpdatePools: ReleaseUpdatePoolsTable;
  leases: LeasesTable;
  outbox: OutboxTable;
  deadLetters: DeadLettersTable;
  sweepMarks: SweepMarksTable;
  pendingDeletes: PendingDeletesTable;
  alertChannels: AlertChannelsTable;
  alertNotices: AlertNoticesTable;
  alertDeliveries: AlertDeliveriesTable;
  settings: SettingsTable;
  // Views, for web workers: without what opens the manager.
  plainUsers: Pick<
    UsersTable,
    "id" | "email" | "passwordHash" | "passwordChangedAt" | "invitedAt" | "oidcIssuer" | "oidcSubject"
  >;
  plainPasswordResets: PasswordResetsTable;
  plainEmailChanges: EmailChangesTable;
  userApiTokens: ApiTokensTable;
}
