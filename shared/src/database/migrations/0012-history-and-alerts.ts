import { addColumns } from "./add-columns.ts";

/**
 * When each worker came into its states, for the charts: the autoscaler forgets the worker itself two hours after its
 * end. And where alerts are sent to, which of them each channel was told, and what became of each message. And who may
 * look at the manager without changing anything.
 */
export const statements: readonly string[] = [
  `create table if not exists worker_history (
    instance_id varchar(32) not null primary key,
    pool varchar(20) not null,
    launched_at datetime(3) not null,
    warming_at datetime(3) null,
    in_service_at datetime(3) null,
    draining_at datetime(3) null,
    ended_at datetime(3) null,
    noted_at datetime(3) not null default current_timestamp(3),
    key worker_history_pool (pool, ended_at)
  )`,
  // Those that run while the table is made: their states are not published again.
  `insert ignore into worker_history (instance_id, pool, launched_at, warming_at, in_service_at, draining_at)
    select w.instance_id, w.pool, coalesce(min(l.created_at), w.registered_at, w.in_service_at, w.state_at),
      w.registered_at, w.in_service_at, w.draining_at
    from workers w left join launch_intents l on l.instance_id = w.instance_id
    where w.state is not null and w.state_at is not null and w.state != 'terminated'
    group by w.instance_id`,
  ...addColumns("users", { is_viewer: "tinyint(1) not null default 0" }),
  `create table if not exists alert_channels (
    id bigint unsigned not null auto_increment primary key,
    kind enum('mail', 'webhook', 'chat') not null,
    name varchar(100) not null,
    target varchar(500) not null,
    secret varchar(100) null,
    events json not null,
    quiet_from smallint unsigned null,
    quiet_to smallint unsigned null,
    quiet_zone varchar(64) not null,
    created_by varchar(100) not null,
    created_at datetime(3) not null default current_timestamp(3)
  )`,
  `create table if not exists alert_notices (
    channel_id bigint unsigned not null,
    alert_id varchar(100) not null,
    title varchar(300) not null,
    ends tinyint(1) not null,
    raised_at datetime(3) not null,
    seen_at datetime(3) not null,
    primary key (channel_id, alert_id),
    constraint alert_notices_channel_fk foreign key (channel_id) references alert_channels (id) on delete cascade
  )`,
  `create table if not exists alert_deliveries (
    id bigint unsigned not null auto_increment primary key,
    channel_id bigint unsigned not null,
    alert_id varchar(100) not null,
    phase enum('raised', 'cleared') not null,
    message json not null,
    state enum('waiting', 'sent', 'failed') not null default 'waiting',
    attempts int unsigned not null default 0,
    next_at datetime(3) not null,
    claimed_until datetime(3) null,
    result varchar(500) null,
    created_at datetime(3) not null default current_timestamp(3),
    finished_at datetime(3) null,
    key alert_deliveries_waiting (state, next_at),
    key alert_deliveries_channel (channel_id, id),
    constraint alert_deliveries_channel_fk foreign key (channel_id) references alert_channels (id) on delete cascade
  )`,
];
