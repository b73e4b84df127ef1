import { audit } from "@elastic-gas/shared/audit";
import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import { sendAllDeadLetters, sendDeadLetter } from "@elastic-gas/shared/reliability/dead-letters";
import { QUEUE_KEYS, type QueueKey } from "@elastic-gas/shared/resources";
import { z } from "zod";
import type { FeatureDeps, Outcome } from "../feature-deps.ts";
import type { Requester } from "../requester.ts";

/** One message by its number, those of one queue, or all when neither is given. */
export const SendAgainBody = z
  .object({ id: z.coerce.number().int().positive().optional(), queue: z.enum(QUEUE_KEYS).optional() })
  .refine(({ id, queue }) => id === undefined || queue === undefined, { message: "Give id or queue, not both." });
export type SendAgain = z.infer<typeof SendAgainBody>;

/** Puts messages that could not be handled back into their queues, each once, however often it is asked for. */
export async function sendAgain(deps: FeatureDeps, { id, queue }: SendAgain, requester: Requester): Promise<Outcome> {
  const outcome = id === undefined ? await sendAll(deps, queue) : await sendOne(deps, id);
  if (outcome.done) {
    const target = id === undefined ? (queue ?? "all") : `message ${id}`;
    const { actor, address } = requester;
    await audit(deps.db, { actor, action: "dead-letters.send", target, detail: outcome.sentence, address });
  }
  await deps.watcher.fleet({ fresh: true });
  return outcome;
}

async function sendOne({ db }: FeatureDeps, id: number): Promise<Outcome> {
  const sent = await sendDeadLetter(db, id);
  switch (sent.kind) {
    case "sent":
      return { done: true, sentence: `Message ${id} is on its way again.` };
    case "resolved":
      return { done: true, sentence: `Message ${id} was already sent again or looked after.` };
    case "never":
      return { done: false, sentence: `Message ${id} stays: ${sent.reason}` };
    case "unknown":
      return { done: false, sentence: `There is no message ${id}.` };
  }
}

async function sendAll({ db }: FeatureDeps, queue: QueueKey | undefined): Promise<Outcome> {
  const { sent, never } = await sendAllDeadLetters(db, queue);
  const of = queue === undefined ? "" : ` of ${queue}`;
  const sentWords = `${formatCountOf(sent, "message")}${of} sent again.`;
  if (never === 0) return { done: true, sentence: sentWords };
  return { done: true, sentence: `${sentWords} ${formatCountOf(never, "message")} could never be handled and stayed.` };
}
