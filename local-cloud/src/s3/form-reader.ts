import { Fault } from "../wire/handler.ts";

export interface FormFile {
  /** As the browser sent it, without the folders that some browsers add. */
  readonly name: string;
  readonly content: AsyncIterable<Buffer>;
}

export interface Form {
  /** Names in lower case; of equal names the first counts. */
  readonly fields: ReadonlyMap<string, string>;
  readonly file: FormFile;
}

const MAX_FIELDS_BYTES = 20 * 1024; // all fields but the file. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
const HEADERS_END = Buffer.from("\r\n\r\n");

/**
 * Reads `multipart/form-data` up to the part `file`, whose content the caller streams. What follows the file is
 * ignored, as S3 does. Throws a
 * fault when the form is malformed or has no file.
 */
export async function readForm(source: AsyncIterable<Buffer>, contentType: string): Promise<Form> {
  const boundary = boundaryOf(contentType);
  const input = new PartReader(source, `--${boundary}`);
  await input.skipPreamble();
  const fields = new Map<string, string>();
  let budget = MAX_FIELDS_BYTES;
  while (await input.startPart()) {
    const header = (await input.readUntil(HEADERS_END, budget)).toString("utf8");
    const { name, fileName } = readDisposition(header);
    if (name.toLowerCase() === "file") return { fields, file: { name: baseName(fileName), content: input.content() } };
    const value = await input.readContent(budget);
    budget -= header.length + value.length;
    if (!fields.has(name.toLowerCase())) fields.set(name.toLowerCase(), value.toString("utf8"));
  }
  throw new Fault("InvalidArgument", "POST requires exactly one file upload per request.", 400, {
    fields: { ArgumentName: "file" },
  });
}

/** Cuts a stream of chunks at the delimiter that stands before each part. */
class PartReader {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #delimiter: Buffer;
  readonly #firstDelimiter: Buffer;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>, delimiter: string) {
    this.#chunks = source[Symbol.asyncIterator]();
    this.#firstDelimiter = Buffer.from(delimiter, "latin1");
    this.#delimiter = Buffer.from(`\r\n${delimiter}`, "latin1");
  }

  async skipPreamble(): Promise<void> {
    await this.readUntil(this.#firstDelimiter, MAX_FIELDS_BYTES);
  }

  /** After a delimiter: true when a part follows, false at the form's end. */
  async startPart(): Promise<boolean> {
    while (this.#buffer.length < 2) await this.#pull();
    const next = this.#buffer.toString("latin1", 0, 2);
    if (next === "--") return false;
    if (next !== "\r\n") throw malformed();
    this.#buffer = this.#buffer.subarray(2);
    return true;
  }

  async readContent(limit: number): Promise<Buffer> {
    return this.readUntil(this.#delimiter, limit);
  }

  /** Bytes before the mark, which is consumed. */
  async readUntil(mark: Buffer, limit: number): Promise<Buffer> {
    for (;;) {
      const at = this.#buffer.indexOf(mark);
      if (at > limit || (at < 0 && this.#buffer.length > limit + mark.length)) {
        throw new Fault(
          "MaxPostPreDataLengthExceeded",
          "Your POST request fields preceding the upload file were too large.",
        );
      }
      if (at >= 0) {
        const found = this.#buffer.subarray(0, at);
        this.#buffer = this.#buffer.subarray(at + mark.length);
        return found;
      }
      await this.#pull();
    }
  }

  /** The content of the current part in pieces, to its delimiter. */
  async *content(): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#buffer.indexOf(this.#delimiter);
      // Without a delimiter in sight the last bytes may be the beginning of one.
      const safe = at >= 0 ? at : this.#buffer.length - this.#delimiter.length + 1;
      if (safe > 0) {
        yield this.#buffer.subarray(0, safe);
        this.#buffer = this.#buffer.subarray(safe);
      }
      if (at >= 0) return;
      await this.#pull();
    }
  }

  async #pull(): Promise<void> {
    const { value, done } = await this.#chunks.next();
    if (done) throw malformed();
    this.#buffer = this.#buffer.length === 0 ? value : Buffer.concat([this.#buffer, value]);
  }
}

function boundaryOf(contentType: string): string {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined || boundary.length > 200) throw malformed();
  return boundary;
}

function readDisposition(header: string): { readonly name: string; readonly fileName: string } {
  const line = header.split("\r\n").find((each) => /^content-disposition\s*:\s*form-data/i.test(each));
  if (line === undefined) throw malformed();
  const name = dispositionParameter(line, "name");
  if (name === undefined) throw malformed();
  return { name, fileName: dispositionParameter(line, "filename") ?? "" };
}

/**
 * Browsers write `"` inside a name as %22 and line breaks as %0D and %0A.
 * https://html.spec.whatwg.org/#multipart-form-data
 */
function dispositionParameter(line: string, name: string): string | undefined {
  const [, quoted, plain] = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, "i").exec(line) ?? [];
  return quoted === undefined
    ? plain
    : quoted
        .replace(/\\(["\\])/g, "$1")
        .replaceAll("%22", '"')
        .replaceAll("%0D", "\r")
        .replaceAll("%0A", "\n");
}

function baseName(fileName: string): string {
  return fileName.slice(Math.max(fileName.lastIndexOf("/"), fileName.lastIndexOf("\\")) + 1);
}

function malformed(): Fault {
  return new Fault("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.");
}
