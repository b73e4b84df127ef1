import type { AuditAction } from "@elastic-gas/shared/audit";

/** What an entry's code means, as the page says it; the code stays beside it, for filters and programs. */
const WORDS: Readonly<Record<AuditAction, string>> = {
  "api.refused": "API sign-in refused",
  "channel.change": "changed an alert channel",
  "channel.create": "added an alert channel",
  "channel.delete": "removed an alert channel",
  "channel.test": "tested an alert channel",
  "data.delete": "started deleting all data",
  "data.delete-failed": "deletion stopped half-way",
  "data.deleted": "all data deleted",
  "data.export": "downloaded the account’s data",
  "database.password-set-again": "set the changed password of a database account again",
  "dead-letters.seen": "marked dead letters as looked after",
  "dead-letters.send": "sent dead letters again",
  "email.change": "changed the e-mail address",
  "email.change-asked": "asked to change the e-mail address",
  "email.remove": "removed the e-mail address",
  "load-test.start": "started a load test",
  "load-test.stop": "stopped a load test",
  "mail.refused": "e-mail refused by the mail service",
  "mail.skip": "e-mail skipped",
  "manager.stop": "stopped the manager and all workers",
  "password.change": "changed the password",
  "password.reset": "set a new password by a link",
  "password.reset-asked": "asked for a password link",
  "plan.cancel-at-period-end": "cancelled Premium at the end of its period",
  "plan.free": "switched to Free",
  "plan.keep": "kept Premium",
  "plan.premium": "switched to Premium",
  "policy.save": "saved a policy",
  "pool.grow": "grew a pool",
  "pool.pause": "paused a pool",
  "pool.resume": "resumed a pool",
  "pool.shrink": "shrank a pool",
  "release.pause": "paused an update",
  "release.publish": "published a release",
  "release.resume": "resumed an update",
  "release.roll-back": "rolled an update back",
  "release.update": "started an update to a release",
  "second-factor.off": "switched the second step off",
  "second-factor.on": "switched the second step on",
  "session.end": "signed out of user-app",
  "session.end-others": "signed out everywhere else",
  "session.refused": "sign-in to user-app refused",
  "session.start": "signed in to user-app",
  "sign-in": "signed in to the manager",
  "sign-in.refused": "sign-in to the manager refused",
  "sign-out": "signed out of the manager",
  "token.create": "made an API token",
  "token.revoke": "revoked an API token",
  "user.admin": "made an account an administrator",
  "user.create": "made an account",
  "user.delete": "deleted an account",
  "user.invitation-accepted": "chose a first password by an invitation",
  "user.invite": "invited an account’s owner again",
  "user.not-admin": "took an account’s administrator rights",
  "user.not-viewer": "took an account’s viewer rights",
  "user.password": "set an account’s password",
  "user.role": "changed an account’s plan or rights",
  "user.second-step-off": "switched an account’s second step off",
  "user.viewer": "made an account a viewer",
  "worker.drain": "drained a worker",
  "worker.protect": "protected a worker from shrinking",
  "worker.replace": "replaced a worker",
  "worker.unprotect": "ended a worker’s protection from shrinking",
};

/** Undefined for the code of an older version. */
export function auditWords(action: string): string | undefined {
  return (WORDS as Readonly<Record<string, string>>)[action];
}

/** Why a sign-in was refused; entries of programs say it in a word. */
const REFUSALS: Readonly<Record<string, string>> = {
  wrong: "wrong user name or password",
  limited: "too many attempts",
  "code: wrong": "wrong code",
  "code: limited": "too many codes",
};

export function detailWords(detail: string | null): string | null {
  return detail === null ? null : (REFUSALS[detail] ?? detail);
}
