/** User-app's sessions, and the manager's. */
export type SessionTable = "sessions" | "managerSessions";

/**
 * The tables by which an app changes accounts. The manager has the tables themselves. User-app has views of them that
 * leave out administrators and viewers, and what belongs to the manager: its database account may write nothing else.
 */
export interface AccountTables {
  readonly users: "users" | "plainUsers";
  readonly sessions: readonly SessionTable[];
  readonly passwordResets: "passwordResets" | "plainPasswordResets";
  readonly emailChanges: "emailChanges" | "plainEmailChanges";
  readonly apiTokens: "apiTokens" | "userApiTokens";
}

export const ALL_ACCOUNTS: AccountTables = {
  users: "users",
  sessions: ["sessions", "managerSessions"],
  passwordResets: "passwordResets",
  emailChanges: "emailChanges",
  apiTokens: "apiTokens",
};

export const PLAIN_ACCOUNTS: AccountTables = {
  users: "plainUsers",
  sessions: ["sessions"],
  passwordResets: "plainPasswordResets",
  emailChanges: "plainEmailChanges",
  apiTokens: "userApiTokens",
};
