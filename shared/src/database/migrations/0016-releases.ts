import { addColumns } from "./add-columns.ts";

/**
 * What workers can run, and how one release replaces another: the updates, each pool's part in them, and which release
 * every launch and every worker is of.
 */
export const statements: readonly string[] = [
  `create table if not exists releases (
    id char(64) not null primary key,
    manifest json not null,
    published_by varchar(100) not null,
    published_at datetime(3) not null default current_timestamp(3)
  )`,
  // At most one update is under way: its row alone has active = 1, the others have null.
  `create table if not exists release_updates (
    id bigint unsigned not null auto_increment primary key,
    from_release char(64) null,
    to_release char(64) not null,
    state enum('running', 'paused', 'rolling back', 'completed', 'rolled back') not null,
    active tinyint(1) null,
    canary_seconds int unsigned not null,
    started_by varchar(100) not null,
    started_at datetime(3) not null,
    reason json null,
    finished_at datetime(3) null,
    unique key release_updates_active (active)
  )`,
  `create table if not exists release_update_pools (
    update_id bigint unsigned not null,
    pool varchar(20) not null,
    canary_passed_at datetime(3) null,
    step json null,
    done_release char(64) null,
    primary key (update_id, pool),
    constraint release_update_pools_update_fk foreign key (update_id) references release_updates (id) on delete cascade
  )`,
  ...addColumns("launch_intents", { release_id: "char(64) null" }),
  ...addColumns("workers", { release_id: "char(64) null" }),
];
