const AMINO_ACIDS: Readonly<Record<string, string>> = {
  A: "Ala",
  C: "Cys",
  D: "Asp",
  E: "Glu",
  F: "Phe",
  G: "Gly",
  H: "His",
  I: "Ile",
  K: "Lys",
  L: "Leu",
  M: "Met",
  N: "Asn",
  P: "Pro",
  Q: "Gln",
  R: "Arg",
  S: "Ser",
  T: "Thr",
  U: "Sec",
  V: "Val",
  W: "Trp",
  Y: "Tyr",
  "*": "Ter",
};

/**
 * The protein change of a value of BCSQ in HGVS, predicted and therefore in brackets:
 * `ENST00000357654.9:p.(Arg1699Trp)`. Substitutions, silent changes, new stops, lost starts and frameshifts (short
 * form) have one; undefined for others, whose exact form needs more than csq tells (https://hgvs-nomenclature.org).
 */
export function proteinChange(consequence: string): string | undefined {
  // Most have none: those in introns and untranslated regions end after the biotype.
  if (!consequence.includes("|+|") && !consequence.includes("|-|") && !consequence.includes("start_lost"))
    return undefined;
  const [terms = "", , transcript = "", , , change = ""] = consequence.split("|");
  const kinds = terms.replace(/^\*/, "").split("&");
  // csq gives no residues for these.
  if (kinds.includes("start_lost")) return transcript === "" ? undefined : `${transcript}:p.(Met1?)`;
  const match = /^(\d+)([A-Z*]+)(?:>\d+([A-Z*]+))?$/.exec(change);
  if (match === null || transcript === "") return undefined;
  const [, position = "", before = "", after] = match;
  const text = changeText({ kinds, at: Number(position), before, after });
  return text === undefined ? undefined : `${transcript}:p.(${text})`;
}

function changeText({
  kinds,
  at,
  before,
  after,
}: {
  readonly kinds: readonly string[];
  readonly at: number;
  readonly before: string;
  readonly after: string | undefined;
}): string | undefined {
  const named = (letters: string, index: number) => AMINO_ACIDS[letters.charAt(index)];
  const own = named(before, 0);
  if (own === undefined) return undefined;
  if (kinds.includes("frameshift")) {
    let same = 0;
    while (same < before.length && before.charAt(same) === after?.charAt(same)) same += 1;
    const [from, to] = [named(before, same), named(after ?? "", same)];
    if (from === undefined || to === undefined) return undefined;
    // A frameshift whose first new residue is a stop is written as one: p.(Trp26Ter).
    return to === "Ter" ? `${from}${at + same}Ter` : `${from}${at + same}fs`;
  }
  if (before.length !== 1) return undefined;
  if (after === undefined)
    return kinds.some((kind) => /^(?:synonymous|stop_retained)$/.test(kind)) ? `${own}${at}=` : undefined;
  const other = named(after, 0);
  if (after.length !== 1 || other === undefined || own === "Ter") return undefined;
  return kinds.some((kind) => /^(?:missense|stop_gained)$/.test(kind)) ? `${own}${at}${other}` : undefined;
}
