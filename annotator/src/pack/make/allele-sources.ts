import { readAllele } from "../../vcf/alleles.ts";
import { decodeInfoValue, infoValue } from "../../vcf/info.ts";
import type { PackManifestSource } from "../manifest.ts";
import { BlockWriter } from "./block-writer.ts";
import { readSites, type Site } from "./read-sites.ts";
import { SourceError, SourceFile } from "./source-file.ts";
import { dateText, type Part, type Target } from "./target.ts";

type Kind = "clinvarBlocks" | "rs" | "frequencies";

interface Citation {
  readonly name: string;
  readonly release: string;
  readonly date: string;
  readonly licence: string;
  readonly from: string;
}

/** How a VCF of one kind of source is understood. */
interface AlleleSource {
  readonly kind: Kind;
  readonly cites: PackManifestSource["kinds"][number];
  /** Takes the header: what to cite, and how to read a record. Throws SourceError when it is not the source's. */
  open(
    header: readonly string[],
    line: number,
    file: SourceFile,
  ): {
    readonly citation: Citation;
    /** What is known of the record's ALTs, tabs between the values; undefined for an ALT that is left out. */
    readonly values: (site: Site) => readonly (string | undefined)[];
  };
}

/** Alleles longer than this are variants of structure, which nobody looks up by their sequence. */
const MAX_ALLELE = 10_000;

/** ClinVar's VCF: https://ftp.ncbi.nlm.nih.gov/pub/clinvar/ */
export const CLINVAR: AlleleSource = {
  kind: "clinvarBlocks",
  cites: "clinvar",
  open(header, line, file) {
    if (!header.some((each) => each.startsWith("##INFO=<ID=CLNSIG,")))
      throw file.problem(
        line,
        "the header declares no CLNSIG.",
        "Take clinvar.vcf.gz of ClinVar's folder vcf_GRCh38 or vcf_GRCh37.",
      );
    const date = dateText(metaValue(header, "fileDate"));
    return {
      citation: { name: "ClinVar", release: date, date, licence: "public domain", from: "NCBI" },
      values: ({ id, alts, info }) => {
        const value = (key: string) => (infoValue(info, key) ?? "").replaceAll("\t", " ");
        const conditions = value("CLNDN")
          .split("|")
          .filter((name) => !/^(?:|\.|not_provided|not_specified)$/.test(name))
          .map((name) => decodeInfoValue(name).replaceAll("_", " "));
        const [rs = ""] = value("RS").split(/[|,]/);
        const text = [id, rs, value("CLNSIG") || "no_classification", value("CLNREVSTAT"), conditions.join("|")].join(
          "\t",
        );
        return alts.map(() => text);
      },
    };
  },
};

/** dbSNP's VCF: https://ftp.ncbi.nlm.nih.gov/snp/latest_release/VCF/ */
export const DBSNP: AlleleSource = {
  kind: "rs",
  cites: "rs",
  open(header, line, file) {
    const number = metaValue(header, "dbSNP_BUILD_ID");
    if (number === "" && !/dbsnp/i.test(metaValue(header, "source")))
      throw file.problem(
        line,
        "the header names no dbSNP build.",
        "Take GCF_000001405.40.gz (GRCh38) or .25.gz (GRCh37) of dbSNP.",
      );
    const date = dateText(metaValue(header, "fileDate"));
    return {
      citation: {
        name: "dbSNP",
        release: number === "" ? date : `build ${number}`,
        date,
        licence: "public domain",
        from: "NCBI",
      },
      values: ({ id, alts, info, line: at }) => {
        const rs = /^rs(\d+)/.exec(id)?.[1] ?? infoValue(info, "RS")?.split(/[|,]/, 1)[0];
        if (rs === undefined || !/^\d+$/.test(rs))
          throw file.problem(at, `ID is "${id.slice(0, 30)}", not an rs number.`, "Is it dbSNP's own VCF?");
        return alts.map(() => rs);
      },
    };
  },
};

/**
 * gnomAD's sites VCF, or any with AF and populations as gnomAD (AF_afr) or the 1000 Genomes Project (AFR_AF) name them.
 */
export const FREQUENCIES: AlleleSource = {
  kind: "frequencies",
  cites: "frequencies",
  open(header, line, file) {
    if (!header.some((each) => each.startsWith("##INFO=<ID=AF,")))
      throw file.problem(
        line,
        "the header declares no AF.",
        "Take a sites VCF with allele frequencies, such as gnomAD's.",
      );
    const populations = header.flatMap((each) => {
      const match =
        /^##INFO=<ID=((?:AF_(afr|ami|amr|asj|eas|fin|mid|nfe|oth|remaining|sas))|((?:AFR|AMR|EAS|EUR|SAS))_AF),/.exec(
          each,
        );
      return match === null ? [] : [{ key: match[1] ?? "", name: (match[2] ?? match[3] ?? "").toLowerCase() }];
    });
    const version = /v\d+(?:\.\d+)*/.exec(file.name)?.[0] ?? "";
    const isGnomad = /gnomad/i.test(file.name) || header.some((each) => /gnomad/i.test(each));
    const name = isGnomad ? "gnomAD" : metaValue(header, "source") || file.name;
    return {
      citation: {
        name,
        release: [version, /exomes|genomes|joint/.exec(file.name)?.[0] ?? ""].filter((text) => text !== "").join(" "),
        date: dateText(metaValue(header, "fileDate")),
        licence: isGnomad ? "free, see gnomAD's terms" : "see the source",
        from: isGnomad ? "gnomAD" : file.name,
      },
      values: ({ alts, filter, info, line: at }) => {
        // gnomAD keeps sites that failed its filters, with frequencies that mean nothing.
        if (filter !== "PASS" && filter !== "." && filter !== "") return alts.map(() => undefined);
        const all = frequencies(infoValue(info, "AF"), { key: "AF", count: alts.length, line: at, file });
        const byPopulation = populations.map(({ key, name: population }) => ({
          population,
          values: frequencies(infoValue(info, key), { key, count: alts.length, line: at, file }),
        }));
        return alts.map((_, index) => {
          const frequency = all[index];
          if (frequency === undefined) return undefined;
          const own = byPopulation.flatMap(({ population, values }) =>
            values[index] === undefined ? [] : [`${population}:${values[index]}`],
          );
          return `${frequency}\t${own.join("|")}`;
        });
      },
    };
  },
};

/** Reads one or more VCFs of a source, such as one for each chromosome, into blocks. Throws SourceError. */
export async function makeAlleles(target: Target, source: AlleleSource, paths: readonly string[]): Promise<Part> {
  const name = `${target.stem}-${source.kind === "clinvarBlocks" ? "clinvar" : source.kind}`;
  const writer = await BlockWriter.open(target.directory, name);
  const sources: PackManifestSource[] = [];
  const notes: string[] = [];
  const from = new Map<string, string>();
  for (const path of paths) {
    const file = new SourceFile(path);
    let opened: ReturnType<AlleleSource["open"]> | undefined;
    const { others } = await readSites(file, {
      target,
      onHeader(header, line) {
        opened = source.open(header, line, file);
      },
      onContig(contig, line) {
        const other = from.get(contig);
        if (other !== undefined)
          throw file.problem(
            line,
            `chromosome ${contig} is already there from ${other}.`,
            "Name each chromosome's file once.",
          );
        from.set(contig, path);
        writer.begin(contig);
      },
      onSite: (site) => putSite(writer, site, opened?.values(site) ?? []),
      onPause: () => writer.settle(),
    });
    if (opened === undefined) throw new SourceError(`${path} has no header.`);
    const { citation } = opened;
    sources.push({
      ...citation,
      file: file.name,
      version: "",
      sha256: file.sha256(),
      note: "",
      kinds: [source.cites],
      builds: [target.build],
    });
    if (others > 0)
      notes.push(`${path}: ${others.toLocaleString("en-US")} records on other contigs than chromosomes were left out.`);
  }
  const { files, members } = await writer.close();
  return {
    files: { [source.kind]: files, ...(source.kind === "clinvarBlocks" ? { clinvarHeld: clinvarHeld(sources) } : {}) },
    members: { [source.kind]: members },
    sources,
    counts: { [source.cites]: writer.rows },
    notes,
  };
}

function putSite(writer: BlockWriter, { pos, ref, alts }: Site, values: readonly (string | undefined)[]): void {
  writer.reach(pos);
  for (const [index, alt] of alts.entries()) {
    const value = values[index];
    if (value === undefined || ref.length + alt.length > MAX_ALLELE) continue;
    const { minimal } = readAllele(pos, ref, alt);
    if (minimal !== null) writer.put(minimal.pos, `${minimal.pos}\t${minimal.ref}\t${minimal.alt}\t${value}`);
  }
}

function clinvarHeld(sources: readonly PackManifestSource[]): string {
  return `ClinVar of ${sources.map(({ release }) => release).join(", ")}, all classes, with review status`;
}

function frequencies(
  text: string | undefined,
  { key, count, line, file }: { key: string; count: number; line: number; file: SourceFile },
): readonly (string | undefined)[] {
  if (text === undefined || text === ".") return [];
  const values = text.split(",");
  if (values.length !== count)
    throw file.problem(line, `${key} has ${values.length} values for ${count} ALTs.`, "Download the file again.");
  return values.map((value) => {
    if (value === ".") return undefined;
    const frequency = value === "" ? Number.NaN : Number(value);
    if (!(frequency >= 0 && frequency <= 1))
      throw file.problem(line, `${key} is "${value.slice(0, 30)}", not a frequency from 0 to 1.`, "Is it a sites VCF?");
    return value;
  });
}

function metaValue(header: readonly string[], key: string): string {
  const line = header.find((each) => each.startsWith(`##${key}=`));
  return line === undefined ? "" : line.slice(key.length + 3).trim();
}
