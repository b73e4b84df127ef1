import type { Database } from "@elastic-gas/shared/database/connect";
import { putUserMail } from "@elastic-gas/shared/mail/user-mails";
import { z } from "zod";

/** https://docs.stripe.com/api/invoices/object: money in the smallest unit, times in seconds since 1970. */
const Invoice = z.object({
  id: z.string().max(100),
  amount_due: z.number().int(),
  currency: z.string().length(3),
  attempt_count: z.number().int().min(0).default(0),
  next_payment_attempt: z.number().int().nullish(),
});

/** Has the customer mailed that an invoice could not be charged; once for each try, however often Stripe tells it. */
export async function tellFailedPayment(db: Database, customer: string, object: unknown): Promise<void> {
  const invoice = Invoice.safeParse(object);
  const user = await db.selectFrom("users").select("id").where("stripeCustomerId", "=", customer).executeTakeFirst();
  if (!invoice.success || user === undefined) return;
  const { id, amount_due: amount, currency, attempt_count: attempt, next_payment_attempt: next } = invoice.data;
  await putUserMail(db, {
    userId: user.id,
    kind: "payment-failed",
    about: `${id} ${attempt}`,
    detail: { amount, currency, nextTryAt: typeof next === "number" ? new Date(next * 1_000).toISOString() : null },
  });
}
