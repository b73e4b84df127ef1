import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { z } from "zod";

export const Mail = z.object({
  id: z.string(),
  from: z.string(),
  to: z.array(z.string()),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  sentAt: z.iso.datetime(),
});
export type Mail = z.infer<typeof Mail>;

const SCHEMA = `
  create table if not exists mails (number integer primary key, id text not null unique, mail text not null);
  create table if not exists recipients (address text not null, number integer not null, primary key (address, number)) without rowid`;

/** Every mail that was sent; it is stored before the sender gets an answer. */
export class Mailbox {
  readonly #db: DatabaseSync;
  readonly #insertMail: StatementSync;
  readonly #insertRecipient: StatementSync;
  readonly #find: StatementSync;
  readonly #latest: StatementSync;
  readonly #latestTo: StatementSync;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#db = new DatabaseSync(join(folder, "mailbox.sqlite"));
    this.#db.exec("pragma journal_mode = wal; pragma synchronous = normal");
    this.#db.exec(SCHEMA);
    this.#insertMail = this.#db.prepare("insert into mails (id, mail) values (?, ?)");
    this.#insertRecipient = this.#db.prepare("insert or ignore into recipients values (?, ?)");
    this.#find = this.#db.prepare("select mail from mails where id = ?");
    this.#latest = this.#db.prepare("select mail from mails order by number desc limit ?");
    this.#latestTo = this.#db.prepare(
      "select mail from mails join recipients using (number) where address = ? order by number desc limit ?",
    );
  }

  add(mail: Mail): void {
    this.#db.exec("begin immediate");
    try {
      const { lastInsertRowid } = this.#insertMail.run(mail.id, JSON.stringify(mail));
      for (const recipient of mail.to) this.#insertRecipient.run(addressOf(recipient), lastInsertRowid);
      this.#db.exec("commit");
    } catch (error) {
      this.#db.exec("rollback");
      throw error;
    }
  }

  find(id: string): Mail | undefined {
    const row = this.#find.get(id);
    return row === undefined ? undefined : readRow(row);
  }

  /** Newest first; only those to one address when it is given. */
  list(to: string | undefined, limit: number): readonly Mail[] {
    const rows = to === undefined ? this.#latest.all(limit) : this.#latestTo.all(addressOf(to), limit);
    return rows.map(readRow);
  }

  close(): void {
    this.#db.close();
  }
}

/** `Ann <ann@example.org>` -> `ann@example.org`. */
export function addressOf(recipient: string): string {
  return (/<([^<>]*)>\s*$/.exec(recipient)?.[1] ?? recipient).trim().toLowerCase();
}

function readRow(row: Readonly<Record<string, unknown>>): Mail {
  return Mail.parse(JSON.parse(String(row.mail)));
}
