import type * as Sts from "@aws-sdk/client-sts";
import type { HandlersOf } from "../wire/handler.ts";

/** Tells callers who they are. Roles are taken by instances only, so nothing can be assumed here. */
export function createStsService(): { readonly handlers: HandlersOf<typeof Sts, "GetCallerIdentity"> } {
  return {
    handlers: {
      async GetCallerIdentity(_input, { accountId, principal }) {
        return { Account: accountId, Arn: principal.arn, UserId: principal.userId };
      },
    },
  };
}
