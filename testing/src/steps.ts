import type { GlacierClient } from "@aws-sdk/client-glacier";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Database } from "@elastic-gas/shared/database/connect";

/**
 * Something that happens at one step of a piece of work. A step is each moment before and after a query or a call to
 * AWS.
 */
export interface Steps {
  readonly count: () => number;
  /** The same database, whose queries are steps. */
  database(db: Database): Database;
  /** Adds steps to a client, which must be this run's own. */
  client<Client extends S3Client | GlacierClient | SQSClient>(client: Client): Client;
}

/** Calls `atStep` once, at the given step (from 1). */
export function createSteps(at: number, atStep: () => void): Steps {
  let count = 0;
  const step = () => {
    count += 1;
    if (count === at) atStep();
  };
  return stepping(() => count, step);
}

/**
 * kill -9 at the given step: from there on every query and call throws before it is made, so that nothing of what the
 * code still does (its cleaning up too) has an effect. An open transaction is rolled back, as the server does when the
 * connection ends.
 */
export function createKill(at: number): Steps & { readonly isDead: () => boolean } {
  let count = 0;
  let isDead = false;
  const step = () => {
    count += 1;
    if (count >= at) isDead = true;
    if (isDead) throw new Error("killed");
  };
  return { ...stepping(() => count, step), isDead: () => isDead };
}

/** From the given step on, as many queries and calls find nobody there. */
export function createOutage(at: number, steps: number): Steps {
  let count = 0;
  return stepping(
    () => count,
    () => {
      count += 1;
      if (count >= at && count < at + steps)
        throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    },
  );
}

function stepping(count: () => number, step: () => void): Steps {
  return {
    count,
    database: (db) =>
      db.withPlugin({
        transformQuery({ node }) {
          step();
          return node;
        },
        async transformResult({ result }) {
          step();
          return result;
        },
      }),
    client(client) {
      // The clients' stacks differ in their types only by their commands.
      const { middlewareStack } = client as S3Client;
      middlewareStack.add(
        (next) => async (args) => {
          step();
          const answer = await next(args);
          step();
          return answer;
        },
        { step: "initialize", name: "steps" },
      );
      return client;
    },
  };
}
