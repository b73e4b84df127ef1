import { type ChecksumAlgorithm, isChecksumAlgorithm } from "../wire/body/checksum.ts";
import { notImplemented } from "./faults.ts";
import type { StoredChecksum } from "./object-record.ts";

/** The members that carry checksums in S3's inputs and outputs. */
export interface ChecksumFields {
  readonly ChecksumCRC32?: string;
  readonly ChecksumCRC32C?: string;
  readonly ChecksumCRC64NVME?: string;
  readonly ChecksumSHA1?: string;
  readonly ChecksumSHA256?: string;
}

export function checksumFields(
  checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined,
): ChecksumFields {
  return checksum ? { [`Checksum${checksum.algorithm}`]: checksum.value } : {};
}

export function checksumWithType(
  checksum: StoredChecksum | undefined,
): ChecksumFields & { ChecksumType?: StoredChecksum["type"] } {
  return checksum ? { ...checksumFields(checksum), ChecksumType: checksum.type } : {};
}

export function checksumOf(fields: ChecksumFields, algorithm: ChecksumAlgorithm): string | undefined {
  return fields[`Checksum${algorithm}`];
}

export function algorithmOf(name: string | undefined): ChecksumAlgorithm | undefined {
  if (name === undefined) return undefined;
  const upper = name.toUpperCase();
  if (!isChecksumAlgorithm(upper)) throw notImplemented(`the checksum algorithm "${name}"`);
  return upper;
}
