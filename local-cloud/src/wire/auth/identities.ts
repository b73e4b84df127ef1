import type { RolePermissions, Statement } from "@elastic-gas/shared/permissions";
import { Fault } from "../handler.ts";
import type { ServiceId } from "../services.ts";
import { type Credentials, unknownKey } from "./authenticate.ts";
import type { Principal } from "./principal.ts";
import { issueSession, readSession, type Session, type SessionCredentials } from "./session-credentials.ts";
import { SigningKeys } from "./sigv4.ts";

/** A key that requests may be signed with, and whose it is. */
export interface Identity {
  readonly credentials: Credentials;
  readonly keys: SigningKeys;
  readonly principal: Principal;
}

export interface IdentitiesOptions {
  /** The account's own key, which may do everything. */
  readonly credentials: Credentials;
  readonly accountId: string;
  /** What the holders of a role's credentials may do; without it they may do everything. */
  readonly roles: RolePermissions | undefined;
  readonly now: () => Date;
}

const LIFE_MS = 6 * 3_600_000; // as on EC2
const RENEWED_BEFORE_MS = 3_600_000; // the metadata service shows the next credentials this long before the end of the last
const REMEMBERED = 1000;

/** Whose key a request is signed with: the account's own one, or one of a role's that an instance was given. */
export class Identities {
  readonly #options: IdentitiesOptions;
  readonly #root: Identity;
  /** By session token. */
  readonly #sessions = new Map<string, { readonly identity: Identity; readonly expiresAt: Date }>();

  constructor(options: IdentitiesOptions) {
    this.#options = options;
    const { credentials, accountId } = options;
    this.#root = {
      credentials,
      keys: new SigningKeys(credentials.secretAccessKey),
      principal: { arn: `arn:aws:iam::${accountId}:root`, userId: accountId, statements: undefined },
    };
  }

  /** Throws the service's own fault for a key that nobody has, and for one that has expired. */
  find(service: ServiceId, accessKeyId: string, sessionToken: string | undefined): Identity {
    if (accessKeyId === this.#root.credentials.accessKeyId) return this.#root;
    const known = sessionToken === undefined ? undefined : this.#session(accessKeyId, sessionToken);
    if (!known) throw unknownKey(service, accessKeyId);
    if (known.expiresAt <= this.#options.now()) throw expiredToken(service);
    return known.identity;
  }

  /** Credentials of a role for an instance: the same for hours, and new ones well before those end. */
  issue(role: string, instanceId: string): SessionCredentials {
    const turn = LIFE_MS - RENEWED_BEFORE_MS;
    const issuedAt = Math.floor(this.#options.now().getTime() / turn) * turn;
    const session: Session = { role, name: instanceId, expiresAt: new Date(issuedAt + LIFE_MS) };
    return issueSession(this.#options.credentials.secretAccessKey, session);
  }

  #session(accessKeyId: string, token: string) {
    const known = this.#sessions.get(token);
    if (known) return known.identity.credentials.accessKeyId === accessKeyId ? known : undefined;
    const found = readSession(this.#options.credentials.secretAccessKey, accessKeyId, token);
    if (!found) return undefined;
    const { session, credentials } = found;
    const identity: Identity = {
      credentials,
      keys: new SigningKeys(credentials.secretAccessKey),
      principal: {
        arn: `arn:aws:sts::${this.#options.accountId}:assumed-role/${session.role}/${session.name}`,
        userId: `AROA${Buffer.from(session.role).toString("hex").toUpperCase().slice(0, 17)}:${session.name}`,
        statements: this.#statementsOf(session.role),
      },
    };
    if (this.#sessions.size >= REMEMBERED) this.#sessions.clear();
    const entry = { identity, expiresAt: session.expiresAt };
    this.#sessions.set(token, entry);
    return entry;
  }

  /** A role that is on the list no longer may do nothing. */
  #statementsOf(role: string): readonly Statement[] | undefined {
    return this.#options.roles && (this.#options.roles[role] ?? []);
  }
}

function expiredToken(service: ServiceId): Fault {
  switch (service) {
    case "s3":
      return new Fault("ExpiredToken", "The provided token has expired.", 400);
    case "ec2":
      return new Fault("RequestExpired", "Request has expired.", 400);
    case "elbv2":
    case "cloudwatch":
    case "sts":
      return new Fault("ExpiredToken", "The security token included in the request is expired", 403);
    case "sqs":
    case "glacier":
    case "ses":
      return new Fault("ExpiredTokenException", "The security token included in the request is expired", 403);
  }
}
