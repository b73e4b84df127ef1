/** When each worker came into its states, for the charts; the autoscaler forgets the worker itself two hours after its end. */
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
];
