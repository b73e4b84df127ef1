import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { z } from "zod";

const Tags = z.record(z.string(), z.string());

export const LoadBalancerDocument = z.object({
  arn: z.string(),
  name: z.string(),
  scheme: z.enum(["internal", "internet-facing"]),
  subnets: z.array(z.string()),
  createdAt: z.coerce.date(),
  attributes: Tags,
  tags: Tags,
});
export type LoadBalancerDocument = z.infer<typeof LoadBalancerDocument>;

export const ListenerDocument = z.object({
  arn: z.string(),
  loadBalancerArn: z.string(),
  port: z.number(),
  targetGroupArn: z.string(),
  tags: Tags,
});
export type ListenerDocument = z.infer<typeof ListenerDocument>;

export const TargetDocument = z.object({ id: z.string(), port: z.number() });
export type TargetDocument = z.infer<typeof TargetDocument>;

export const TargetGroupDocument = z.object({
  arn: z.string(),
  name: z.string(),
  port: z.number(),
  vpcId: z.string().nullable(),
  targetType: z.enum(["instance", "ip"]),
  healthCheck: z.object({
    path: z.string(),
    port: z.string(),
    intervalSeconds: z.number(),
    timeoutSeconds: z.number(),
    healthyThreshold: z.number(),
    unhealthyThreshold: z.number(),
    matcher: z.string(),
  }),
  attributes: Tags,
  tags: Tags,
  targets: z.array(TargetDocument),
});
export type TargetGroupDocument = z.infer<typeof TargetGroupDocument>;

/** One kind of resource, in memory and on disk: what `save` and `delete` were given is on disk when they return. */
export class Documents<T extends { readonly arn: string }> {
  readonly #byArn = new Map<string, T>();
  readonly #save: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync, kind: string, schema: z.ZodType<T>) {
    db.exec(
      "create table if not exists documents (arn text primary key, kind text not null, body text not null) strict",
    );
    this.#save = db.prepare(`insert or replace into documents (arn, kind, body) values (?, '${kind}', ?)`);
    this.#delete = db.prepare("delete from documents where arn = ?");
    for (const row of db.prepare("select body from documents where kind = ? order by rowid").all(kind)) {
      const document = schema.parse(JSON.parse(String(row.body)));
      this.#byArn.set(document.arn, document);
    }
  }

  save(document: T): void {
    this.#save.run(document.arn, JSON.stringify(document));
    this.#byArn.set(document.arn, document);
  }

  delete(arn: string): void {
    this.#delete.run(arn);
    this.#byArn.delete(arn);
  }

  find(arn: string | undefined): T | undefined {
    return this.#byArn.get(arn ?? "");
  }

  list(): readonly T[] {
    return [...this.#byArn.values()];
  }
}

export interface Catalogue {
  readonly loadBalancers: Documents<LoadBalancerDocument>;
  readonly listeners: Documents<ListenerDocument>;
  readonly targetGroups: Documents<TargetGroupDocument>;
  close(): void;
}

/** All resources of ELBv2. */
export function openCatalogue(dataDir: string): Catalogue {
  mkdirSync(join(dataDir, "elbv2"), { recursive: true });
  const db = new DatabaseSync(join(dataDir, "elbv2", "resources.sqlite"));
  db.exec("pragma journal_mode = wal; pragma synchronous = normal");
  return {
    loadBalancers: new Documents(db, "load balancer", LoadBalancerDocument),
    listeners: new Documents(db, "listener", ListenerDocument),
    targetGroups: new Documents(db, "target group", TargetGroupDocument),
    close: () => db.close(),
  };
}
