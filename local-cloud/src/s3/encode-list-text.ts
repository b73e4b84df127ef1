import { invalidArgument } from "./faults.ts";

/**
 * How keys are written in a listing: XML 1.0 cannot carry every character of a key, so clients ask for
 * percent-encoding.
 */
export function encodeListText(encodingType: string | undefined): (text: string) => string {
  if (encodingType === undefined) return (text) => text;
  if (encodingType !== "url")
    throw invalidArgument("encoding-type", encodingType, "Invalid Encoding Method specified in Request");
  return (text) =>
    encodeURIComponent(text)
      .replaceAll("%2F", "/")
      .replace(/[!'()]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
