import type { Tables } from "./database/tables.ts";
import type { Role } from "./permissions.ts";

/** Rights on one table as GRANT writes them: `select, insert`, or `select (id, email)` for some columns only. */
export type TableRights = Readonly<Partial<Record<SnakeCase<keyof Tables>, string>>>;

type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : "";

const ALL = "select, insert, update, delete";
/** History is added to, never changed; a refusal that comes again counts up. */
const APPEND_AUDIT = "insert, select (id, action, at, address, times), update (times, last_at)";
/**
 * A worker's own heartbeat; the other columns belong to the autoscaler. For `insert ... on duplicate key update`,
 * MariaDB asks for the right to update every column that is inserted.
 */
const BEAT = "instance_id, pool, job_id, beating_since, at";
/** The rest of what a worker writes of itself. */
const NOTED = "interruption";
const HEARTBEAT = `select, insert (${BEAT}), update (${BEAT}, ${NOTED})`;
/** What registering and a first sign-in by OpenID Connect write. */
const NEW_USER = "username, username_skeleton, name, email, password_hash";
/** What every user changes of the own account, and payments of its plan. */
const OWN_USER = "name, institution, role, stripe_customer_id, stripe_synced_at";
/** What opens an account. */
const OWN_SIGN_IN = "email, password_hash, password_changed_at, invited_at, oidc_issuer, oidc_subject";
const NEW_TOKEN = "user_id, name, token_hash, scope, audience, used_at, revoked_at, expires_at";
/** The outbox sends what any part left in it. */
const OUTBOX = ALL;

/**
 * What each role may do in the database: the tables and columns that its code uses, and nothing else.
 * `makeDatabaseAccounts` makes an account of each; the account of DATABASE_URL owns the tables and is used at the start
 * alone, to bring them up to date.
 */
export const DATABASE_PERMISSIONS: Readonly<Record<Role, TableRights>> = {
  manager: {
    users: ALL,
    sessions: "select, delete",
    manager_sessions: ALL,
    password_resets: ALL,
    email_changes: ALL,
    user_mails: ALL,
    second_factors: ALL,
    recovery_codes: ALL,
    rate_limits: ALL,
    api_tokens: ALL,
    audit_log: "insert, select, update (times, last_at)",
    jobs: "select, update, delete",
    images: "select, delete",
    subscriptions: "select, update, delete",
    stripe_events: "select, delete",
    pools: "select, update",
    policy_versions: "select, insert",
    decisions: "select",
    activities: "select, insert",
    launch_intents: "select",
    workers: "select, insert, update",
    worker_history: "select",
    releases: "select",
    release_updates: "select, insert, update",
    release_update_pools: "select",
    leases: "select",
    outbox: "select, insert, delete",
    dead_letters: "select, update, delete",
    sweep_marks: "select, delete",
    pending_deletes: "select, delete",
    alert_channels: ALL,
    alert_notices: ALL,
    alert_deliveries: ALL,
    settings: ALL,
  },
  autoscaler: {
    pools: "select, insert, update",
    policy_versions: "select, insert",
    decisions: "select, insert",
    activities: "select, insert, update",
    launch_intents: ALL,
    workers: ALL,
    worker_history: "select, insert, update",
    releases: "select",
    release_updates: "select, update",
    release_update_pools: "select, insert, update",
    leases: "select, insert, update",
    settings: "select, delete",
    jobs: "select (started_at, completed_at)",
  },
  web: {
    // Whoever takes over a web worker makes nobody an administrator or a viewer, and gets no way into the manager by
    // those who are: their passwords and addresses, and the manager's sessions and tokens, are not in the views.
    users: `select, insert (${NEW_USER}), update (${OWN_USER})`,
    plain_users: `select, update (${OWN_SIGN_IN}), delete`,
    sessions: ALL,
    // Whose a link or a token is never changes: `insert ... on duplicate key update` reaches a row that the view leaves
    // out, and could make it one that the view shows.
    plain_password_resets: "select, insert (token_hash, user_id, expires_at, used_at), update (used_at)",
    plain_email_changes: "select, insert (token_hash, user_id, email, expires_at, used_at), update (used_at)",
    user_mails: "insert",
    // Signing in asks for them; they are set up in the manager.
    second_factors: "select, update (last_step)",
    recovery_codes: "select, update (used_at)",
    rate_limits: ALL,
    user_api_tokens: `select, insert (${NEW_TOKEN}), update (used_at, revoked_at)`,
    audit_log: APPEND_AUDIT,
    jobs: ALL,
    images: "select, insert, delete",
    subscriptions: "select, insert, update",
    workers: `select, insert (${BEAT}), update (${BEAT}, ${NOTED}, load_points, lacks)`,
    pending_deletes: "insert",
    outbox: OUTBOX,
    settings: "select",
  },
  annotator: {
    users: "select (id, role)",
    jobs: "select, update",
    workers: HEARTBEAT,
    outbox: OUTBOX,
    dead_letters: "select, insert, update",
  },
  utility: {
    users: "select (id, username, name, email, role)",
    user_mails: ALL,
    subscriptions: "select",
    jobs: "select, update",
    audit_log: APPEND_AUDIT,
    workers: HEARTBEAT,
    leases: "select, insert, update",
    outbox: OUTBOX,
    dead_letters: "select, insert, update",
    sweep_marks: "select, insert, update, delete",
    pending_deletes: ALL,
  },
};
