import { Fault } from "../handler.ts";
import type { Shape, TimestampFormat } from "../shape.ts";

/** Turns the text of an XML element, query parameter or header into the value that the shape asks for. */
export function scalarFromText(shape: Shape, text: string, defaultFormat: TimestampFormat): unknown {
  switch (shape.kind) {
    case "number":
      return numberFromText(text);
    case "boolean":
      return booleanFromText(text);
    case "timestamp":
      return timestampFromText(text, shape.format ?? defaultFormat);
    case "blob":
      return Buffer.from(text, "base64");
    case "string":
    case "document":
    case "structure":
    case "list":
    case "map":
      return text;
  }
}

export function scalarToText(shape: Shape, value: unknown, defaultFormat: TimestampFormat): string {
  if (value instanceof Date)
    return timestampToText(value, shape.kind === "timestamp" ? (shape.format ?? defaultFormat) : defaultFormat);
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  if (shape.kind === "blob") return Buffer.from(String(value), "utf8").toString("base64");
  return String(value);
}

export function timestampToText(at: Date, format: TimestampFormat): string {
  switch (format) {
    case "date-time":
      return at.toISOString();
    case "http-date":
      return at.toUTCString();
    case "epoch-seconds":
      return String(at.getTime() / 1000);
  }
}

export function timestampFromText(text: string, format: TimestampFormat): Date {
  // Clients differ: boto3 sends ISO text where the model asks for an HTTP date. Digits alone are epoch seconds in every
  // format.
  const isEpoch = format === "epoch-seconds" || /^-?\d+(\.\d+)?$/.test(text);
  const at = isEpoch ? new Date(Math.round(Number(text) * 1000)) : new Date(text);
  if (Number.isNaN(at.getTime())) throw new Fault("ValidationError", `"${text}" is not a timestamp.`);
  return at;
}

function numberFromText(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isNaN(value) && text !== "NaN") throw new Fault("ValidationError", `"${text}" is not a number.`);
  return value;
}

function booleanFromText(text: string): boolean {
  const lower = text.toLowerCase();
  if (lower === "true" || lower === "1") return true;
  if (lower === "false" || lower === "0") return false;
  throw new Fault("ValidationError", `"${text}" is not a boolean.`);
}
