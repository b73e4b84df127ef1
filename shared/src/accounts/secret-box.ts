import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** Seals short secrets for the database: whoever has its rows alone has nothing. */
export interface SecretBox {
  /** `of` names the row that it belongs to: in another one it does not open. */
  seal(secret: string, of: string): string;
  /**
   * Also what was stored before there was a key. Throws when it was sealed with another key, for another row, or
   * changed.
   */
  open(stored: string, of: string): string;
  isSealed(stored: string): boolean;
}

const ALGORITHM = "aes-256-gcm";
/** As NIST SP 800-38D recommends for GCM. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const MARK = "gcm1.";

/** Without a key, secrets are stored as they are. */
export function createSecretBox(secretKey: string | undefined): SecretBox {
  const key =
    secretKey === undefined
      ? undefined
      : Buffer.from(hkdfSync("sha256", secretKey, "", "elastic-gas second factors", 32));
  return {
    seal(secret, of) {
      if (key === undefined) return secret;
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(of));
      const sealed = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
      return MARK + Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64url");
    },
    open(stored, of) {
      if (!stored.startsWith(MARK)) return stored;
      if (key === undefined)
        throw new Error("TOTP_KEY is not set, but second factors were stored with one. Set it again.");
      const bytes = Buffer.from(stored.slice(MARK.length), "base64url");
      const tagEnd = IV_BYTES + TAG_BYTES;
      const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(of)).setAuthTag(bytes.subarray(IV_BYTES, tagEnd));
      return decipher.update(bytes.subarray(tagEnd), undefined, "utf8") + decipher.final("utf8");
    },
    isSealed: (stored) => stored.startsWith(MARK),
  };
}
