const SPECIAL = /[^!-$&-+\--:<>-~]/g;

/**
 * A text as a value of an INFO field: what has a meaning there (`%`, `,`, `;`, `=`, blanks, control characters) and
 * what is not ASCII is percent-encoded (VCF 4.3, section 1.2). Latin-1 text in, ASCII out.
 */
export function encodeInfoValue(text: string): string {
  SPECIAL.lastIndex = 0;
  return SPECIAL.test(text)
    ? text.replace(SPECIAL, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`)
    : text;
}

/** A value of another's INFO field without the percent-encoding that VCF 4.3 has for `:;=%,` and ends of lines. */
export function decodeInfoValue(text: string): string {
  return text.replace(/%(3A|3B|3D|25|2C|0D|0A|09)/gi, (_, code: string) => {
    const character = String.fromCharCode(Number.parseInt(code, 16));
    return character < " " ? " " : character;
  });
}

/** INFO with `added` (`KEY=value` pairs joined by semicolons) at its end. */
export function appendInfo(info: string, added: string): string {
  if (added === "") return info;
  if (info === "." || info === "") return added;
  return info.endsWith(";") ? info + added : `${info};${added}`;
}

/** INFO without the given keys; `.` when nothing is left. The very same text when none occurs. */
export function withoutKeys(info: string, keys: ReadonlySet<string>): string {
  const fields = info.split(";");
  const kept = fields.filter((field) => {
    const equals = field.indexOf("=");
    return !keys.has(equals === -1 ? field : field.slice(0, equals));
  });
  if (kept.length === fields.length) return info;
  return kept.length === 0 ? "." : kept.join(";");
}

/** The value of a key, undefined when it does not occur. */
export function infoValue(info: string, key: string): string | undefined {
  for (let at = info.indexOf(`${key}=`); at !== -1; at = info.indexOf(`${key}=`, at + 1)) {
    if (at !== 0 && info.charCodeAt(at - 1) !== 59 /* ; */) continue;
    const start = at + key.length + 1;
    const end = info.indexOf(";", start);
    return end === -1 ? info.slice(start) : info.slice(start, end);
  }
  return undefined;
}
