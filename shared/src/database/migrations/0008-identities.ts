import { type Kysely, sql } from "kysely";
import { usernameSkeleton } from "../../username.ts";
import { addColumns, addUniqueIndex } from "./add-columns.ts";

/** Changes of an address that wait for their confirmation, what each user name looks like, and second factors. */
export const statements: readonly string[] = [
  `create table if not exists email_changes (
    token_hash char(64) not null primary key,
    user_id bigint unsigned not null,
    email varchar(254) not null,
    expires_at datetime(3) not null,
    used_at datetime(3) null,
    created_at datetime(3) not null default current_timestamp(3),
    key email_changes_user (user_id),
    constraint email_changes_user_fk foreign key (user_id) references users (id) on delete cascade
  )`,
  `create table if not exists second_factors (
    user_id bigint unsigned not null primary key,
    secret varchar(64) not null,
    confirmed_at datetime(3) null,
    last_step bigint unsigned null,
    created_at datetime(3) not null default current_timestamp(3),
    constraint second_factors_user_fk foreign key (user_id) references users (id) on delete cascade
  )`,
  `create table if not exists recovery_codes (
    user_id bigint unsigned not null,
    code_hash char(64) not null,
    used_at datetime(3) null,
    primary key (user_id, code_hash),
    constraint recovery_codes_user_fk foreign key (user_id) references users (id) on delete cascade
  )`,
  ...addColumns("users", {
    username_skeleton: "varchar(255) character set utf8mb4 collate utf8mb4_bin null",
  }),
  ...addUniqueIndex("users", "users_username_skeleton", "username_skeleton"),
];

/**
 * Fills the new column. Of accounts whose names look alike, the oldest gets the skeleton; the others go on with their
 * exact names.
 */
export async function fill<Tables>(connection: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<{ id: number; username: string }>`
    select id, username from users where username_skeleton is null order by id`.execute(connection);
  for (const { id, username } of rows) {
    await sql`update ignore users set username_skeleton = ${usernameSkeleton(username)} where id = ${id}`.execute(
      connection,
    );
  }
}
