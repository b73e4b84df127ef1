import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";

const ImageRecord = z.object({
  imageId: z.string(),
  name: z.string(),
  description: z.string(),
  sourceInstanceId: z.string(),
  tags: z.record(z.string(), z.string()),
  createdAt: z.coerce.date(),
});
export type ImageRecord = Readonly<z.infer<typeof ImageRecord>>;

/** Durable records of images. They hold no disk: every instance has this machine's. */
export class ImageStore {
  readonly #db: DatabaseSync;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#db = new DatabaseSync(join(folder, "images.sqlite"));
    this.#db.exec(`
      pragma journal_mode = wal;
      pragma busy_timeout = 5000;
      create table if not exists images (image_id text primary key, record text not null) strict;
    `);
  }

  list(): readonly ImageRecord[] {
    const rows = this.#db.prepare("select record from images order by image_id").all();
    return rows.map(({ record }) => ImageRecord.parse(JSON.parse(String(record))));
  }

  insert(image: Omit<ImageRecord, "imageId">): ImageRecord {
    const record = { imageId: `ami-0${randomBytes(8).toString("hex")}`, ...image };
    this.#db.prepare("insert into images values (?, ?)").run(record.imageId, JSON.stringify(record));
    return record;
  }

  /** False when there is none. */
  remove(imageId: string): boolean {
    return this.#db.prepare("delete from images where image_id = ?").run(imageId).changes > 0;
  }

  close(): void {
    this.#db.close();
  }
}
