import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const SCHEMA = `
  create table if not exists vaults (name text primary key, created_at text not null, changed_at text) without rowid;
  create table if not exists archives (
    id text primary key, vault text not null, description text not null, size integer not null, tree_hash text not null,
    segments text not null, created_at text not null) without rowid;
  create index if not exists archives_by_vault on archives (vault, created_at);
  create table if not exists jobs (
    number integer primary key, id text not null unique, vault text not null, record text not null, ready_at integer not null, output text not null);
  create index if not exists jobs_by_vault on jobs (vault, number);
  create table if not exists uploads (
    id text primary key, vault text not null, description text not null, part_bytes integer not null, created_at text not null) without rowid;
  create table if not exists parts (
    upload text not null, start integer not null, size integer not null, blob text not null, tree_hash text not null,
    primary key (upload, start)) without rowid`;

/** Opens the index of everything but the bytes. NORMAL: a commit survives this process though not a power cut. */
export function openDatabase(folder: string): DatabaseSync {
  mkdirSync(folder, { recursive: true });
  const db = new DatabaseSync(join(folder, "index.sqlite"));
  db.exec("pragma journal_mode = wal; pragma synchronous = normal");
  db.exec(SCHEMA);
  return db;
}
