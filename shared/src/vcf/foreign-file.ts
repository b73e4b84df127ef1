/** Why a file is refused, a sentence; and what helps, another. */
export interface Refusal {
  readonly problem: string;
  readonly help: string;
}

/** How much of a file's start `foreignFile` wants to see. */
export const HEAD_BYTES = 4_096;

const A_VCF = "A VCF is text that starts with ##fileformat=VCFv4.";
const refusal = (problem: string, help: string = A_VCF): Refusal => ({ problem, help });

export const REFUSALS = {
  empty: refusal("The file is empty.", "Choose the file again, or make it again."),
  zip: refusal(
    "This is a zip archive (an Excel workbook or a compressed folder), not a VCF.",
    "Unpack it and upload the .vcf file inside, or compress it with gzip.",
  ),
  oldExcel: refusal("This is an old Excel or Word file, not a VCF.", "Upload the VCF that it was made from."),
  utf16: refusal("The file is UTF-16 text.", "A VCF must be UTF-8: save it again as plain UTF-8 text."),
  bcf: refusal(
    "This is a BCF file, the binary form of VCF.",
    "Convert it with: bcftools view -O z -o file.vcf.gz file.bcf",
  ),
  alignment: refusal(
    "This file holds aligned reads (BAM, CRAM or SAM), not variants.",
    "Call variants from it first and upload the VCF.",
  ),
  index: refusal(
    "This is an index (.tbi, .csi or .bai), which only tells where records lie in another file.",
    "Upload the .vcf.gz file that it belongs to.",
  ),
  otherCompression: refusal(
    "The file is compressed in a way that is not supported.",
    "VCF files may be plain, gzip or bgzip (.gz, .bgz): unpack it and compress it with gzip.",
  ),
  gzipTwice: refusal(
    "The file was compressed twice (gzip in gzip).",
    "Unpack it once with gunzip and upload it again.",
  ),
  tar: refusal(
    "This is a tar archive, which holds files in a folder.",
    "Unpack it with tar -xf and upload the .vcf file inside.",
  ),
  picture: refusal("This is a picture, not a VCF."),
  pdf: refusal("This is a PDF, not a VCF."),
  html: refusal(
    "This is a web page (HTML), not a VCF: the download perhaps needed a sign-in.",
    "Download the VCF again and look at its first line: ##fileformat=VCFv4.",
  ),
  markup: refusal("This is an XML or JSON file, not a VCF."),
  addressBook: refusal(
    "This is an address book (vCard), which has the same file name ending as a VCF.",
    "Upload a file of genetic variants, which starts with ##fileformat=VCFv4.",
  ),
  genotypes: refusal(
    "This is a table of raw genotypes (23andMe, AncestryDNA or alike), not a VCF.",
    "Convert it first, for example with: bcftools convert --tsv2vcf",
  ),
  commas: refusal(
    "This is a table separated by commas or semicolons (from a spreadsheet?), not a VCF.",
    "The columns of a VCF are separated by tabs: upload the file as it was before the spreadsheet.",
  ),
  oldMac: refusal(
    "The file has old Mac line endings (carriage returns only), so it is one single line.",
    "Convert it with: tr '\\r' '\\n' < file.vcf > new.vcf",
  ),
  sequences: refusal("This file holds sequences (FASTA or FASTQ), not variants.", "Call variants first."),
  binary: refusal("This is a binary file, not a VCF."),
  features: refusal("This is a table of genes or regions (GFF or BED), not a VCF."),
  notVcf: refusal("This is not a VCF file: its first line is not ##fileformat=VCF..."),
  noChromLine: refusal(
    "The file has no #CHROM line, which must stand between the ## lines and the records.",
    "Copy it from the original file: #CHROM, POS, ID, REF, ALT, QUAL, FILTER, INFO, separated by tabs.",
  ),
} as const satisfies Record<string, Refusal>;

const MAGIC: readonly (readonly [string, Refusal])[] = [
  ["504b0304", REFUSALS.zip],
  ["504b0506", REFUSALS.zip],
  ["d0cf11e0", REFUSALS.oldExcel],
  ["fffe", REFUSALS.utf16],
  ["feff", REFUSALS.utf16],
  ["23002300", REFUSALS.utf16],
  ["00230023", REFUSALS.utf16],
  ["424346", REFUSALS.bcf],
  ["42414d01", REFUSALS.alignment],
  ["4352414d", REFUSALS.alignment],
  ["54424901", REFUSALS.index],
  ["43534901", REFUSALS.index],
  ["42414901", REFUSALS.index],
  ["fd377a585a00", REFUSALS.otherCompression],
  ["425a68", REFUSALS.otherCompression],
  ["28b52ffd", REFUSALS.otherCompression],
  ["377abcaf271c", REFUSALS.otherCompression],
  ["526172211a", REFUSALS.otherCompression],
  ["89504e47", REFUSALS.picture],
  ["ffd8ff", REFUSALS.picture],
  ["47494638", REFUSALS.picture],
  ["25504446", REFUSALS.pdf],
];

const TEXT: readonly (readonly [RegExp, Refusal])[] = [
  [/^\s*<(?:!doctype html|html|head|body)/i, REFUSALS.html],
  [/^\s*(?:<\?xml|[{[])/, REFUSALS.markup],
  [/^BEGIN:VCARD/i, REFUSALS.addressBook],
  [/^#.*(?:23andMe|AncestryDNA)|^##fileformat=MyHeritage/i, REFUSALS.genotypes],
  [/^#? ?"?rsid"?[\t,] ?"?chromosome"?[\t,]/im, REFUSALS.genotypes],
  [/^##fileformat=VCF[^\r\n]*\r(?!\n)/i, REFUSALS.oldMac],
  [/^"?#?CHROM(?:OSOME)?"?[,;]|^"##fileformat/im, REFUSALS.commas],
  [/^@(?:HD|SQ|RG|PG|CO)\t/, REFUSALS.alignment],
  [/^(?:>|@[^\n]*\n[ACGTN]+\r?\n\+)/i, REFUSALS.sequences],
  [/^(?:##gff-version|track |browser |[^\t#]+\t\d+\t\d+(?:\t|\r?\n))/, REFUSALS.features],
];

/**
 * Names a file that is no VCF by its first bytes; null for what may be one, or may be gzip. `isUnpacked`: the bytes
 * come out of gzip. Knows neither Node nor browser, so that both judge alike.
 */
export function foreignFile(head: Uint8Array, isUnpacked: boolean): Refusal | null {
  if (head.length === 0) return REFUSALS.empty;
  if (isGzip(head)) return isUnpacked ? REFUSALS.gzipTwice : null;
  for (const [magic, found] of MAGIC) if (startsWith(head, magic)) return found;
  const text = latin1(head.subarray(0, HEAD_BYTES));
  // A member's name fills 100 bytes; old archives lack the mark.
  if (text.slice(257, 262) === "ustar" || /^(?=.{100})[ -~]{1,99}\0+$/s.test(text.slice(0, 100))) return REFUSALS.tar;
  if (text.includes("\0")) return REFUSALS.binary;
  return TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

function startsWith(head: Uint8Array, hex: string): boolean {
  for (let index = 0; index * 2 < hex.length; index += 1) {
    if (head[index] !== Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16)) return false;
  }
  return true;
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
