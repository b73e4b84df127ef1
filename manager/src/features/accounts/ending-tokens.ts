import { managerUrl, userAppUrl } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { TokenAudience } from "@elastic-gas/shared/database/tables";
import type { MailText } from "@elastic-gas/shared/mail/compose-mail";
import { mailTime } from "@elastic-gas/shared/mail/mail-time";
import type { DueMail } from "@elastic-gas/shared/mail/send-user-mails";
import { putUserMail, USER_MAIL_DETAILS } from "@elastic-gas/shared/mail/user-mails";
import { tokensEndMail } from "./account-mail-texts.ts";
import type { InvitationDeps } from "./invitations.ts";

/** How long before its end the owner of an API token is told. */
const TOLD_DAYS = 7;
/** At once: the rest is the next round's. */
const ROWS = 500;

/** Has the owners of API tokens mailed that end within a week; each token once. Any process may call it. */
export async function tellOfEndingTokens(db: Database, now: Date): Promise<void> {
  const tokens = await ending(db, now)
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom("userMails")
            .select("userMails.id")
            .where("kind", "=", "tokens-end")
            .whereRef("about", "=", row.fn<string>("concat", ["apiTokens.id"])),
        ),
      ),
    )
    .limit(ROWS)
    .execute();
  for (const { id, userId } of tokens)
    await putUserMail(db, { userId, kind: "tokens-end", about: String(id), detail: { tokenId: id } });
}

/** One mail about all of them; undefined when each was revoked meanwhile or has ended. */
export async function composeTokensEnd(
  { db, config, now }: InvitationDeps,
  mails: readonly DueMail[],
): Promise<MailText | undefined> {
  const ids = mails.map(({ detail }) => USER_MAIL_DETAILS["tokens-end"].parse(detail).tokenId);
  const tokens = await ending(db, new Date(now())).where("apiTokens.id", "in", ids).execute();
  const [first] = tokens;
  if (first === undefined) return undefined;
  const pages: Readonly<Record<TokenAudience, string>> = {
    manager: `${managerUrl(config)}/tokens`,
    user: `${userAppUrl(config)}/profile/tokens`,
  };
  return tokensEndMail(
    first.username,
    tokens.map(({ name, expiresAt, audience }) => ({
      name,
      endsAt: mailTime(expiresAt, config.DISPLAY_TIME_ZONE),
      url: pages[audience],
    })),
  );
}

function ending(db: Database, now: Date) {
  return db
    .selectFrom("apiTokens")
    .innerJoin("users", "users.id", "apiTokens.userId")
    .select(["apiTokens.id", "apiTokens.userId", "apiTokens.name", "audience", "expiresAt", "username"])
    .where("revokedAt", "is", null)
    .where("expiresAt", ">", now)
    .where("expiresAt", "<=", new Date(now.getTime() + TOLD_DAYS * 86_400_000))
    .$narrowType<{ expiresAt: Date }>()
    .orderBy("expiresAt");
}
