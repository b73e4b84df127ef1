import { addColumns, addIndexes } from "./add-columns.ts";

/**
 * What jobs, messages and archives need so that nothing is lost when a part of the system is away, and the queries of
 * the sweeps.
 */
export const statements: readonly string[] = [
  ...addColumns("jobs", {
    failures: "int unsigned not null default 0",
    lost_workers: "int unsigned not null default 0",
    retry_at: "datetime(3) null",
    mail_claimed_until: "datetime(3) null",
    archive_store: "varchar(20) null",
    retrieval_id: "varchar(255) null",
    retrieval_checked_at: "datetime(3) null",
  }),
  ...addIndexes("jobs", {
    jobs_waiting: "status, user_id, submitted_at",
    jobs_user_started: "user_id, started_at",
    jobs_unmailed: "notified_at, completed_at",
  }),
  // The archive's id tells the store that made it: S3 keys hold a slash, the ids of a vault never do.
  `update jobs set archive_store = if(results_file_archive_id like '%/%', 's3-glacier', 'glacier-vault')
   where results_file_archive_id is not null and archive_store is null`,
  ...addColumns("dead_letters", { reason: "varchar(1000) null", sent_again_at: "datetime(3) null" }),
  `create table if not exists sweep_marks (
    sweep varchar(30) not null,
    subject varchar(100) not null,
    at datetime(3) not null default current_timestamp(3),
    primary key (sweep, subject),
    key sweep_marks_at (at)
  )`,
  `create table if not exists pending_deletes (
    id bigint unsigned not null auto_increment primary key,
    store varchar(20) not null,
    name varchar(1024) character set utf8mb4 collate utf8mb4_bin not null,
    created_at datetime(3) not null default current_timestamp(3)
  )`,
];
