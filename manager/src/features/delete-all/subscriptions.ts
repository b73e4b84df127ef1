import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import { ENDED_SUBSCRIPTIONS } from "./inventory.ts";

const STRIPE_URL = "https://api.stripe.com";
const TIMEOUT_MS = 20_000;

/**
 * Cancels what Stripe still charges (one user, when given), at once: https://docs.stripe.com/api/subscriptions/cancel.
 * Succeeds when it is cancelled already.
 */
export async function cancelSubscriptions({
  db,
  config,
  userId,
}: {
  readonly db: Database;
  readonly config: Pick<Config, "STRIPE_SECRET_KEY" | "STRIPE_API_URL">;
  readonly userId?: number;
}): Promise<void> {
  const rows = await db
    .selectFrom("subscriptions")
    .select("id")
    .where("status", "not in", ENDED_SUBSCRIPTIONS)
    .$if(userId !== undefined, (query) => query.where("userId", "=", userId ?? 0))
    .execute();
  if (rows.length === 0) return;
  if (config.STRIPE_SECRET_KEY === undefined) {
    throw new Error(`${rows.length} subscriptions cannot be cancelled: STRIPE_SECRET_KEY is not set.`);
  }
  for (const { id } of rows) {
    const url = new URL(`/v1/subscriptions/${encodeURIComponent(id)}`, config.STRIPE_API_URL ?? STRIPE_URL);
    const response = await fetch(url, {
      method: "DELETE",
      headers: { authorization: `Bearer ${config.STRIPE_SECRET_KEY}`, "idempotency-key": `delete-all-${id}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok && response.status !== 404) {
      const error = new Error(`Stripe answered ${response.status} to cancelling ${id}.`);
      throw Object.assign(error, { status: response.status });
    }
    await db
      .updateTable("subscriptions")
      .set({ status: "canceled", updatedAt: new Date() })
      .where("id", "=", id)
      .execute();
  }
}
