/** Accounts that may not use the manager. */
const PLAIN = "is_admin = 0 and is_viewer = 0";
const OF_PLAIN_USERS = `user_id in (select id from users where ${PLAIN})`;

/**
 * What web workers may change of accounts, as views: one that was taken over sets no administrator's password and makes
 * no token that the manager takes. `with check option` refuses a row that the view would not show. The manager's
 * sessions have a table of their own, which web workers do not reach; those from before end.
 */
export const statements: readonly string[] = [
  `create table if not exists manager_sessions (
    id_hash char(64) not null primary key,
    user_id bigint unsigned null,
    data json not null,
    address varchar(64) null,
    user_agent varchar(255) null,
    created_at datetime(3) not null default current_timestamp(3),
    seen_at datetime(3) not null default current_timestamp(3),
    expires_at datetime(3) not null,
    key manager_sessions_user (user_id),
    key manager_sessions_expires (expires_at),
    constraint manager_sessions_user_fk foreign key (user_id) references users (id) on delete cascade
  )`,
  `create or replace view plain_users as
    select id, email, password_hash, password_changed_at, invited_at, oidc_issuer, oidc_subject
    from users where ${PLAIN} with check option`,
  `create or replace view plain_password_resets as
    select token_hash, user_id, expires_at, used_at, created_at
    from password_resets where ${OF_PLAIN_USERS} with check option`,
  `create or replace view plain_email_changes as
    select token_hash, user_id, email, expires_at, used_at, created_at
    from email_changes where ${OF_PLAIN_USERS} with check option`,
  `create or replace view user_api_tokens as
    select id, user_id, name, token_hash, scope, created_at, used_at, revoked_at, audience
    from api_tokens where audience = 'user' with check option`,
];
