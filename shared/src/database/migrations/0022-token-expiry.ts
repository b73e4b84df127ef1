import { addColumns } from "./add-columns.ts";

/** API tokens that end by themselves; those from before go on without an end. */
export const statements: readonly string[] = [
  ...addColumns("api_tokens", { expires_at: "datetime(3) null" }),
  `create or replace view user_api_tokens as
    select id, user_id, name, token_hash, scope, created_at, used_at, revoked_at, audience, expires_at
    from api_tokens where audience = 'user' with check option`,
];
