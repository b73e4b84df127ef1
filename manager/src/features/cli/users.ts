import { UsageError } from "@elastic-gas/shared/command-line";
import { z } from "zod";
import { ApiCreatedUser, ApiOutcome, ApiUser } from "../api/schemas.ts";
import type { CallApi } from "./call-api.ts";
import type { Answer, Given } from "./command.ts";
import { table } from "./table.ts";
import { inZone, localTime } from "./times.ts";

const VERBS = "add NAME, invite NAME, plan NAME free|premium";

/** Lists users, creates one, invites one again, or changes a plan. */
export async function users(call: CallApi, { words, values }: Given): Promise<Answer> {
  const [verb, name, plan] = words;
  if (verb !== "add" && (values.email !== undefined || values.access !== undefined)) {
    throw new UsageError("--email and --access belong to add.");
  }
  if (verb === undefined) {
    const json = await call({ path: "/users" });
    return { json, text: () => showUsers(z.array(ApiUser).parse(json)) };
  }
  if (!["add", "invite", "plan"].includes(verb)) throw new UsageError(`“${verb}” is not known here: ${VERBS}.`);
  if (name === undefined) throw new UsageError(`Which user? ${VERBS}.`);
  if (verb !== "plan" && plan !== undefined) throw new UsageError(`${plan} is one word too many.`);
  if (verb === "add") {
    const body = { username: name, email: values.email, role: values.access };
    const json = await call({ method: "POST", path: "/users", body });
    return { json, text: () => showCreated(ApiCreatedUser.parse(json)) };
  }
  const path = `/users/${encodeURIComponent(name)}/${verb}`;
  if (verb === "plan" && plan !== "free" && plan !== "premium") throw new UsageError("Which plan? free or premium.");
  const json = await (verb === "plan"
    ? call({ method: "PUT", path, body: { plan } })
    : call({ method: "POST", path, body: {} }));
  return { json, text: () => `${ApiOutcome.parse(json).sentence}\n` };
}

function showUsers(list: readonly z.infer<typeof ApiUser>[]): string {
  const rows = list.map(({ username, email, plan, paying, access, createdAt, invitation }) => [
    username,
    email ?? "-",
    plan === "premium" && !paying ? "premium, given" : plan,
    access,
    localTime(createdAt),
    invitation === null ? "" : invitationWords(invitation),
  ]);
  return table(["NAME", "E-MAIL", "PLAN", "ACCESS", inZone("SINCE"), "INVITATION"], rows);
}

function invitationWords({ state, linkEndsAt }: NonNullable<z.infer<typeof ApiUser>["invitation"]>): string {
  if (linkEndsAt === null) return `not yet accepted; ${state}`;
  return `not yet accepted; the link ${state === "open" ? "works until" : "ended"} ${localTime(linkEndsAt)}`;
}

function showCreated({ username, invitedAddress, password, signInUrl }: z.infer<typeof ApiCreatedUser>): string {
  if (invitedAddress !== null) {
    return `${username} was created. A link to choose a password is on its way to ${invitedAddress}.\n`;
  }
  return `${username} was created. Pass this on; the password is shown only now.\n\nSign in: ${signInUrl}\nUser name: ${username}\nPassword: ${password ?? ""}\n`;
}
