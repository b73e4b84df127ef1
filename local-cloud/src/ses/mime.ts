/** What people see of a MIME message. */
export interface ParsedMessage {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

interface Entity {
  readonly headers: ReadonlyMap<string, string>;
  /** One character for each byte, as the transfer encodings are defined on bytes. */
  readonly body: string;
}

const MAX_DEPTH = 20;

/** Reads a raw message (RFC 5322, MIME): headers, and the first text and HTML part that is not an attachment. */
export function parseMessage(raw: Uint8Array): ParsedMessage {
  const message = parseEntity(Buffer.from(raw).toString("latin1"));
  const parts = leafParts(message, 0);
  return {
    from: decodeWords(message.headers.get("from") ?? ""),
    to: ["to", "cc", "bcc"].flatMap((name) => splitAddresses(decodeWords(message.headers.get(name) ?? ""))),
    subject: decodeWords(message.headers.get("subject") ?? ""),
    text: firstOf(parts, "text/plain"),
    html: firstOf(parts, "text/html"),
  };
}

/** Splits at commas that stand outside quotes and angle brackets. */
function splitAddresses(list: string): readonly string[] {
  return (list.match(/(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<])+/g) ?? [])
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** RFC 2047 words such as `=?utf-8?B?w7w=?=`. */
function decodeWords(text: string): string {
  // Blanks between two encoded words belong to the encoding.
  const joined = text.replace(/(\?=)\s+(?==\?)/g, "$1");
  return joined.replace(
    /=\?([^?]+)\?([BbQq])\?([^?]*)\?=/g,
    (_whole, charset: string, encoding: string, content: string) => {
      const isBase64 = encoding.toUpperCase() === "B";
      return decodeCharset(
        isBase64 ? Buffer.from(content, "base64") : quotedPrintable(content.replaceAll("_", " ")),
        charset,
      );
    },
  );
}

function parseEntity(source: string): Entity {
  const [head = "", ...rest] = source.split(/\r?\n\r?\n/);
  const body = source.slice(head.length).replace(/^\r?\n\r?\n/, "");
  const headers = new Map<string, string>();
  for (const line of head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), latin1ToUtf8(line.slice(colon + 1).trim()));
  }
  return { headers, body: rest.length === 0 ? "" : body };
}

function leafParts(entity: Entity, depth: number): readonly Entity[] {
  const type = entity.headers.get("content-type") ?? "text/plain";
  const boundary = parameter(type, "boundary");
  if (!/^multipart\//i.test(type) || boundary === undefined || depth > MAX_DEPTH) return [entity];
  const pieces = `\r\n${entity.body}`.split(
    new RegExp(`\\r?\\n--${escapeRegExp(boundary)}(?:--)?[ \\t]*(?=\\r?\\n|$)`),
  );
  return pieces.slice(1).flatMap((piece) => leafParts(parseEntity(piece.replace(/^\r?\n/, "")), depth + 1));
}

function firstOf(parts: readonly Entity[], type: string): string {
  const part = parts.find(({ headers }) => {
    const isAttachment = /^attachment/i.test(headers.get("content-disposition") ?? "");
    return !isAttachment && (headers.get("content-type") ?? "text/plain").toLowerCase().startsWith(type);
  });
  return part ? decodeBody(part) : "";
}

function decodeBody({ headers, body }: Entity): string {
  const charset = parameter(headers.get("content-type") ?? "", "charset") ?? "utf-8";
  switch ((headers.get("content-transfer-encoding") ?? "").toLowerCase()) {
    case "base64":
      return decodeCharset(Buffer.from(body, "base64"), charset);
    case "quoted-printable":
      return decodeCharset(quotedPrintable(body.replace(/=[ \t]*\r?\n/g, "")), charset);
    default:
      return decodeCharset(Buffer.from(body, "latin1"), charset);
  }
}

function quotedPrintable(text: string): Buffer {
  return Buffer.from(
    text.replace(/=([\dA-Fa-f]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}

function decodeCharset(bytes: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder("utf-8").decode(bytes); // a charset that nobody knows
  }
}

function parameter(header: string, name: string): string | undefined {
  const [, quotedValue, value] = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^;\\s]+))`, "i").exec(header) ?? [];
  return quotedValue ?? value;
}

function latin1ToUtf8(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
