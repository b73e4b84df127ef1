import { join } from "node:path";
import { AlleleTrack } from "./allele-track.ts";
import { BlockFile, BlockTrack } from "./block-track.ts";
import { LiftTrack } from "./chain-lift.ts";
import { ClinvarBlocks, ClinvarTrack, type ClinvarVariants, type ClinvarWords } from "./clinvar-track.ts";
import { IntervalTrack } from "./interval-track.ts";
import type { PackBuild } from "./manifest.ts";
import { readMember } from "./members.ts";
import type { Fasta, Sequence } from "./sequence.ts";
import { BandTrack, GeneTrack } from "./tracks.ts";

/**
 * What a pack knows of one chromosome; a track is null when the pack has none for it, and read when it is first asked
 * for.
 */
export interface Chromosome {
  readonly length: number | null;
  readonly genes: GeneTrack | null;
  readonly bands: BandTrack | null;
  readonly clinvar: ClinvarVariants | null;
  /** dbSNP's numbers. */
  readonly rs: AlleleTrack | null;
  readonly frequencies: AlleleTrack | null;
  readonly intervals: IntervalTrack | null;
  readonly sequence: Sequence | null;
  readonly lift: LiftTrack | null;
  /** False when neither a sequence nor ClinVar's variants tell what the build has at a place. */
  readonly hasEvidence: boolean;
  /** Character code of the build's base at `pos`, as far as the sequence or the REFs of ClinVar's variants tell it. */
  base(pos: number): number | undefined;
  /** Where the build has the substitution with this dbSNP number (without `rs`), as far as the pack can tell. */
  positionOf(rs: string): number | undefined;
}

/** The tracks of a build that the default pack does not have as files of its own. */
export interface BuildFiles {
  readonly directory: string;
  readonly build: PackBuild;
  readonly words: ClinvarWords;
  readonly fasta: Fasta | null;
}

type BlockKind = "clinvarBlocks" | "rs" | "frequencies" | "intervals";

/** Reads chromosomes of one build of a pack; what the pack has no file for comes from `base`. */
export function chromosomeReader({ directory, build, words, fasta }: BuildFiles) {
  const { files } = build;
  const blockFiles = new Map<BlockKind, BlockFile>();
  const blocks = (kind: BlockKind, member: readonly [number, number]): BlockTrack => {
    const file = files[kind];
    if (file === undefined) throw new Error(`The annotation pack in ${directory} names no file of ${kind}.`);
    const opened = blockFiles.get(kind) ?? new BlockFile(join(directory, file.blocks));
    blockFiles.set(kind, opened);
    return new BlockTrack(opened, readMember(join(directory, file.index), member));
  };
  return (canonical: string, base: Chromosome | undefined): Chromosome | undefined => {
    const entry = build.chromosomes[canonical];
    const sequence = fasta?.sequence(canonical) ?? null;
    if (entry === undefined && sequence === null) return base;
    const lines = <Track>(
      kind: "genes" | "bands" | "lift",
      make: (lines: string[]) => Track,
      fallback: () => Track | null,
    ) =>
      once(() => {
        const [file, member] = [files[kind], entry?.[kind]];
        if (file === undefined) return fallback();
        return member === undefined ? null : make(readMember(join(directory, file), member));
      });
    const rows = <Track>(kind: BlockKind, make: (rows: BlockTrack) => Track, fallback: () => Track | null) =>
      once(() => {
        const member = entry?.[kind];
        if (files[kind] === undefined) return fallback();
        return member === undefined ? null : make(blocks(kind, member));
      });
    const genes = lines(
      "genes",
      (text) => new GeneTrack(text),
      () => base?.genes ?? null,
    );
    const bands = lines(
      "bands",
      (text) => new BandTrack(text),
      () => base?.bands ?? null,
    );
    const lift = lines(
      "lift",
      (text) => new LiftTrack(text),
      () => base?.lift ?? null,
    );
    const ownClinvar = once(() => {
      if (files.clinvar === undefined || entry?.clinvar === undefined) return null;
      return new ClinvarTrack(readMember(join(directory, files.clinvar), entry.clinvar), words, entry.clinvarStretches);
    });
    const clinvar = rows<ClinvarVariants>(
      "clinvarBlocks",
      (track) => new ClinvarBlocks(track),
      () => (files.clinvar === undefined ? (base?.clinvar ?? null) : ownClinvar()),
    );
    const rs = rows(
      "rs",
      (track) => new AlleleTrack(track),
      () => base?.rs ?? null,
    );
    const frequencies = rows(
      "frequencies",
      (track) => new AlleleTrack(track),
      () => base?.frequencies ?? null,
    );
    const intervals = rows(
      "intervals",
      (track) => new IntervalTrack(track),
      () => base?.intervals ?? null,
    );
    return {
      length: entry?.length ?? base?.length ?? null,
      get genes() {
        return genes();
      },
      get bands() {
        return bands();
      },
      get clinvar() {
        return clinvar();
      },
      get rs() {
        return rs();
      },
      get frequencies() {
        return frequencies();
      },
      get intervals() {
        return intervals();
      },
      sequence: sequence ?? base?.sequence ?? null,
      get lift() {
        return lift();
      },
      get hasEvidence() {
        return sequence !== null || ownClinvar() !== null || base?.hasEvidence === true;
      },
      base: (pos) => sequence?.base(pos) ?? ownClinvar()?.base(pos) ?? base?.base(pos),
      positionOf: (number) => ownClinvar()?.positionOf(number) ?? base?.positionOf(number),
    };
  };
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
