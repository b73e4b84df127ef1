import { type Kysely, sql } from "kysely";
import { z } from "zod";
import { insertUnlessThere, isMissingParent } from "../database/insert-unless-there.ts";
import type { Tables, UserMailKind } from "../database/tables.ts";

/** What each kind of mail says beside the user's own data. */
export const USER_MAIL_DETAILS = {
  /** An archived result can be downloaded again. */
  "result-restored": z.object({ jobId: z.string(), inputName: z.string() }),
  /** A charge was refused. `amount`: in the currency's smallest unit; `nextTryAt`: null when Stripe gives up. */
  "payment-failed": z.object({
    amount: z.number().int(),
    currency: z.string().length(3),
    nextTryAt: z.iso.datetime().nullable(),
  }),
  /** A Premium period ends within a day, and renews or does not. */
  "period-ends": z.object({ subscriptionId: z.string(), endsAt: z.iso.datetime() }),
  /** An administrator made an account; its link to set a password is made when the mail is sent. */
  invitation: z.object({ invitedBy: z.string() }),
  /** Somebody forgot the password. `request`: the row that asks for the link, which is made when the mail is sent. */
  "password-reset": z.object({ request: z.string() }),
  /** The same in user-app, by somebody whose password is set in the manager. */
  "reset-in-manager": z.object({}),
  /** To a new address, with a link that makes it the user's; `request` as above. */
  "confirm-address": z.object({ request: z.string() }),
  /** To the address until now. `email`: the new one; null when there is none any more. */
  "address-notice": z.object({ change: z.enum(["asked", "changed", "removed"]), email: z.string().nullable() }),
  /** API tokens end within a week. */
  "tokens-end": z.object({ tokenId: z.number().int() }),
} as const satisfies Record<UserMailKind, z.ZodType>;

export type UserMailDetail<Kind extends UserMailKind> = z.infer<(typeof USER_MAIL_DETAILS)[Kind]>;

export interface UserMail<Kind extends UserMailKind> {
  readonly userId: number;
  readonly kind: Kind;
  /**
   * What makes it one: the same kind about the same is mailed once, however often it is put. At most 200 characters.
   */
  readonly about: string;
  readonly detail: UserMailDetail<Kind>;
  /** Where it goes; to the user's address at the time of sending without it. */
  readonly to?: string;
  /** What comes within this time joins it in one mail. */
  readonly dueInSeconds?: number;
}

/** Has a user mailed; in the transaction of what happened, so that neither is without the other. */
export async function putUserMail<Kind extends UserMailKind>(
  db: Kysely<Tables>,
  { userId, kind, about, detail, to, dueInSeconds = 0 }: UserMail<Kind>,
): Promise<void> {
  const mail = {
    userId,
    kind,
    about,
    detail: JSON.stringify(detail),
    recipient: to ?? null,
    dueAt: sql<Date>`utc_timestamp(3) + interval ${sql.lit(Math.round(dueInSeconds))} second`,
  };
  try {
    await insertUnlessThere(db.insertInto("userMails").values(mail));
  } catch (error) {
    // The account was deleted meanwhile: there is nobody to mail.
    if (!isMissingParent(error)) throw error;
  }
}
