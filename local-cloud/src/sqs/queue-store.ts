import type { DatabaseSync, StatementSync } from "node:sqlite";
import { QueueDoesNotExist } from "@aws-sdk/client-sqs";
import { z } from "zod";
import type { QueueAttributes } from "./queue-attributes.ts";

export interface Queue {
  readonly id: number;
  readonly name: string;
  readonly attributes: QueueAttributes;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
  readonly purgedAt: Date | null;
}

const NAME_REST_MS = 60_000; // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html

const Texts = z.record(z.string(), z.string());
const Row = z.object({
  id: z.number(),
  name: z.string(),
  attributes: z.string(),
  tags: z.string(),
  created_at: z.number(),
  modified_at: z.number(),
  purged_at: z.number().nullable(),
});

/** The queues, in memory and on disk. Every change is on disk when its function returns. */
export class QueueStore {
  readonly #byName = new Map<string, Queue>();
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #noteDeleted: StatementSync;
  readonly #deletedSince: StatementSync;
  readonly #forgetDeleted: StatementSync;

  constructor(db: DatabaseSync) {
    db.exec(`create table if not exists queues (
      id integer primary key autoincrement, name text not null unique, attributes text not null, tags text not null,
      created_at integer not null, modified_at integer not null, purged_at integer) strict`);
    db.exec("create table if not exists deleted_queues (name text primary key, at integer not null) strict");
    this.#noteDeleted = db.prepare("insert or replace into deleted_queues values (?, ?)");
    this.#deletedSince = db.prepare("select 1 from deleted_queues where name = ? and at > ?");
    this.#forgetDeleted = db.prepare("delete from deleted_queues where at <= ?");
    this.#insert = db.prepare(
      "insert into queues (name, attributes, tags, created_at, modified_at) values (?, ?, ?, ?, ?)",
    );
    this.#update = db.prepare(
      "update queues set attributes = ?, tags = ?, modified_at = ?, purged_at = ? where id = ?",
    );
    this.#delete = db.prepare("delete from queues where id = ?");
    for (const row of db.prepare("select * from queues").all()) {
      const queue = fromRow(Row.parse(row));
      this.#byName.set(queue.name, queue);
    }
  }

  create(name: string, attributes: QueueAttributes, tags: Readonly<Record<string, string>>, now: Date): Queue {
    const at = now.getTime();
    const { lastInsertRowid } = this.#insert.run(name, JSON.stringify(attributes), JSON.stringify(tags), at, at);
    const queue = {
      id: Number(lastInsertRowid),
      name,
      attributes,
      tags,
      createdAt: now,
      modifiedAt: now,
      purgedAt: null,
    };
    this.#byName.set(name, queue);
    return queue;
  }

  update(queue: Queue, change: Partial<Pick<Queue, "attributes" | "tags" | "modifiedAt" | "purgedAt">>): void {
    const after = { ...queue, ...change };
    const texts = [JSON.stringify(after.attributes), JSON.stringify(after.tags)] as const;
    this.#update.run(...texts, after.modifiedAt.getTime(), after.purgedAt?.getTime() ?? null, after.id);
    this.#byName.set(after.name, after);
  }

  delete(queue: Queue, now: Date): void {
    this.#forgetDeleted.run(now.getTime() - NAME_REST_MS);
    this.#noteDeleted.run(queue.name, now.getTime());
    this.#delete.run(queue.id);
    this.#byName.delete(queue.name);
  }

  /** Whether a queue of this name was deleted so lately that SQS makes no new one. */
  wasDeletedLately(name: string, now: Date): boolean {
    return this.#deletedSince.get(name, now.getTime() - NAME_REST_MS) !== undefined;
  }

  find(name: string): Queue | undefined {
    return this.#byName.get(name);
  }

  /** The queue of a QueueUrl: only the URL's last part counts, so any host may stand before it. */
  get(queueUrl: string | undefined): Queue {
    const queue = this.#byName.get(queueUrl?.slice(queueUrl.lastIndexOf("/") + 1) ?? "");
    if (!queue) throw queueDoesNotExist();
    return queue;
  }

  /** The queue as it is now, for work that runs later than its request was checked. */
  current(queue: Queue): Queue {
    const current = this.#byName.get(queue.name);
    if (current?.id !== queue.id) throw queueDoesNotExist();
    return current;
  }

  list(): readonly Queue[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

export function queueDoesNotExist(): QueueDoesNotExist {
  return new QueueDoesNotExist({ message: "The specified queue does not exist.", $metadata: {} });
}

function fromRow(row: z.infer<typeof Row>): Queue {
  return {
    id: row.id,
    name: row.name,
    attributes: Texts.parse(JSON.parse(row.attributes)),
    tags: Texts.parse(JSON.parse(row.tags)),
    createdAt: new Date(row.created_at),
    modifiedAt: new Date(row.modified_at),
    purgedAt: row.purged_at === null ? null : new Date(row.purged_at),
  };
}
