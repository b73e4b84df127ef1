import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { GroupCommit } from "./group-commit.ts";

function start() {
  const db = new DatabaseSync(":memory:");
  onTestFinished(() => db.close());
  db.exec("create table numbers (n integer primary key) strict");
  const insert = db.prepare("insert into numbers values (?)");
  const list = () =>
    db
      .prepare("select n from numbers order by n")
      .all()
      .map(({ n }) => Number(n));
  return { commit: new GroupCommit(db), insert: (n: number) => Number(insert.run(n).lastInsertRowid), list };
}

it("tells callers the results of their work after the commit", async () => {
  const { commit, insert, list } = start();
  const results = [1, 2, 3].map((n) => commit.run(() => insert(n)));
  expect(list()).toEqual([]);
  expect(await Promise.all(results)).toEqual([1, 2, 3]);
  expect(list()).toEqual([1, 2, 3]);
});

it("fails the work at fault alone, and leaves nothing of it", async () => {
  const { commit, insert, list } = start();
  const outcomes = await Promise.allSettled([
    commit.run(() => insert(1)),
    commit.run(() => {
      insert(2);
      insert(1); // is there already
    }),
    commit.run(() => insert(3)),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(list()).toEqual([1, 3]);
});
