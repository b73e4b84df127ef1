import { expect, it } from "vitest";
import { proteinChange } from "./hgvs.ts";

it.each([
  ["missense|BRCA1|ENST1.9|protein_coding|-|1699R>1699W|100C>T", "ENST1.9:p.(Arg1699Trp)"],
  ["missense&splice_region|A|T1|protein_coding|+|2A>2V|1C>T", "T1:p.(Ala2Val)"],
  ["synonymous|A|T1|protein_coding|+|2A|1C>T", "T1:p.(Ala2=)"],
  ["stop_gained|A|T1|protein_coding|+|25K>25*|1A>T", "T1:p.(Lys25Ter)"],
  ["*stop_gained|A|T1|protein_coding|+|25K>25*|1A>T", "T1:p.(Lys25Ter)"],
  ["stop_retained|A|T1|protein_coding|+|30*|1A>G", "T1:p.(Ter30=)"],
  ["start_lost|A|T1|protein_coding|+", "T1:p.(Met1?)"],
  ["frameshift|A|T1|protein_coding|+|12AAK*>12AQR|1CA>C", "T1:p.(Ala13fs)"],
  ["frameshift&stop_gained|A|T1|protein_coding|+|12AAK*>12A*|1CA>C", "T1:p.(Ala13Ter)"],
  // Their exact form needs more than csq tells.
  ["stop_lost|A|T1|protein_coding|+|30*>30Q|1T>C", undefined],
  ["inframe_deletion|A|T1|protein_coding|+|12AAK>12AA|1CAAA>C", undefined],
  ["missense|A|T1|protein_coding|+|2AG>2VT|1CC>TT", undefined],
  ["missense|A|T1|protein_coding|+|2X>2V|1C>T", undefined],
  ["5_prime_utr|A|T1|protein_coding", undefined],
  ["intron|A||protein_coding", undefined],
])("%s is %s", (consequence, change) => {
  expect(proteinChange(consequence)).toBe(change);
});
