import { z } from "zod";

const MAX_CHARACTERS = 100;

/**
 * A name for a new account, as it is stored: one spelling of what looks the same (NFKC, small letters). The rules
 * follow Unicode's "highly restrictive" profile for identifiers
 * (https://www.unicode.org/reports/tr39/#Restriction_Level_Detection): letters of one script that people write today,
 * and nothing that cannot be seen. Names of old accounts may break them, so only new names pass through here.
 */
export const Username = z
  .string()
  .min(1, "A user name is needed.")
  .max(MAX_CHARACTERS, `At most ${MAX_CHARACTERS} characters.`)
  .transform(canonicalUsername)
  .pipe(
    z
      .string()
      .max(MAX_CHARACTERS, `At most ${MAX_CHARACTERS} characters.`)
      .superRefine((name, context) => {
        const message = problemOf(name);
        if (message !== undefined) context.addIssue({ code: "custom", message });
      }),
  );

/** The spelling that is stored and shown: with capitals, "PauI" would look like "Paul". */
export function canonicalUsername(name: string): string {
  return name.normalize("NFKC").toLowerCase().normalize("NFKC");
}

/**
 * What a name looks like: two names with one skeleton are one name. It is unique in the database, and any spelling of a
 * name finds its account by it. Never shown. A method after https://www.unicode.org/reports/tr39/#Confusable_Detection,
 * over what `Username` lets through and what was allowed before.
 */
export function usernameSkeleton(name: string): string {
  const visible = canonicalUsername(canonicalUsername(name).replaceAll(INVISIBLE, "")).replaceAll(BLANKS, " ").trim();
  return Array.from(visible, (character) => LOOKS_LIKE.get(character) ?? character)
    .join("")
    .normalize("NFC");
}

const BLANKS = /\p{White_Space}+/gu;
const INVISIBLE = /(?!\p{White_Space})[\p{C}\p{Default_Ignorable_Code_Point}]/gu;

function problemOf(name: string): string | undefined {
  if (/[\p{C}\p{Default_Ignorable_Code_Point}]/u.test(name)) return "Control characters are not allowed.";
  if (/^ | $| {2}|[^\P{White_Space} ]/u.test(name)) return "Blanks at the ends, or two together, are not allowed.";
  // Of signs, only those on every keyboard: ⁄ looks like /. A mark that belongs to no script can be put over any
  // letter.
  if (!/^[\x20-\x7e\p{L}\p{M}]+$/u.test(name) || /\p{Script=Inherited}|[ʰ-˿ɐ-ʯǀ-ǃᴀ-ᶿ꜠-ꟿꬰ-꭯]/u.test(name)) {
    return "Use letters, the digits 0 to 9 and the signs of a plain keyboard.";
  }
  if (!ALPHABETS.some((alphabet) => alphabet.test(name))) return "Use the letters of one alphabet.";
  return undefined;
}

/**
 * Scripts in general use (https://www.unicode.org/reports/tr31/#Table_Recommended_Scripts), and those that one language
 * writes together.
 */
const ALPHABETS: readonly RegExp[] = [
  ...["Latin", "Arabic", "Armenian", "Bengali", "Cyrillic", "Devanagari", "Ethiopic", "Georgian", "Greek", "Gujarati"],
  ...["Gurmukhi", "Hebrew", "Kannada", "Khmer", "Lao", "Malayalam", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu"],
  ...["Thaana", "Thai", "Tibetan", "Latin Han Hiragana Katakana", "Latin Han Hangul", "Latin Han Bopomofo"],
].map((scripts) => {
  const letters = scripts.split(" ").map((script) => `\\p{Script_Extensions=${script}}`);
  return new RegExp(`^[\\x20-\\x40\\x5b-\\x60\\x7b-\\x7e${letters.join("")}]+$`, "u");
});

/**
 * Small letters that look like others, of the scripts that share their shapes. As scripts never mix in a new name, and
 * capitals are gone, these few of the thousands in https://www.unicode.org/Public/security/latest/confusables.txt can
 * still make two names alike.
 */
const LOOKS_LIKE: ReadonlyMap<string, string> = new Map(
  [
    ...pairs("01|", "oll"),
    ["m", "rn"],
    ["ß", "ss"],
    ...pairs("ıȷƽ", "ijs"),
    ...pairs("авсԁеһіјӏкмнорԛгѕтуүхѵԝьӡ", "abcdehijlkmhopqrstyyxvwb3"),
    ...pairs("αβγεικνορσςτυχϲϳωη", "abyeiknopootuxcjwn"),
    ...pairs("օսոհցզյ", "ounhgqj"),
  ].map(([from = "", to = ""]) => [from, to === "m" ? "rn" : to]),
);

function pairs(from: string, to: string): readonly (readonly [string, string])[] {
  const targets = Array.from(to);
  return Array.from(from, (character, index) => [character, targets[index] ?? character]);
}
