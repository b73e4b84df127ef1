import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/** A running digest of bytes. */
export interface Checksum {
  update(chunk: Uint8Array): void;
  /** Base64, as S3 writes checksums. */
  digest(): string;
}

export const CHECKSUM_ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return (CHECKSUM_ALGORITHMS as readonly string[]).includes(name);
}

/** The header that carries a checksum, such as `x-amz-checksum-crc32`. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

export function createChecksum(algorithm: ChecksumAlgorithm): Checksum {
  switch (algorithm) {
    case "CRC32":
      return crc32Checksum();
    case "CRC32C":
      return crc32cChecksum();
    case "CRC64NVME":
      return crc64Checksum();
    case "SHA1":
    case "SHA256":
      return hashChecksum(algorithm.toLowerCase());
  }
}

function hashChecksum(name: string): Checksum {
  const hash = createHash(name);
  return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest("base64") };
}

function crc32Checksum(): Checksum {
  let crc = 0;
  return {
    update: (chunk) => {
      crc = crc32(chunk, crc);
    },
    digest: () => base64OfWords(crc),
  };
}

const CRC32C_POLYNOMIAL = 0x82f63b78; // Castagnoli, reflected
let crc32cTable: Uint32Array | undefined;

function crc32cChecksum(): Checksum {
  crc32cTable ??= buildCrc32Table(CRC32C_POLYNOMIAL);
  const table = crc32cTable;
  let crc = 0xffffffff;
  return {
    update: (chunk) => {
      for (let index = 0; index < chunk.length; index++)
        crc = (crc >>> 8) ^ (table[(crc ^ (chunk[index] ?? 0)) & 0xff] ?? 0);
    },
    digest: () => base64OfWords(~crc >>> 0),
  };
}

function buildCrc32Table(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc >>> 0;
  });
}

const CRC64_POLYNOMIAL = 0x9a6c9329ac4bc9b5n; // NVMe, reflected
let crc64Table: { readonly high: Uint32Array; readonly low: Uint32Array } | undefined;

/** CRC-64/NVME in two halves of 32 bits: BigInt arithmetic for each byte would be fifty times slower. */
function crc64Checksum(): Checksum {
  crc64Table ??= buildCrc64Table();
  const { high: highTable, low: lowTable } = crc64Table;
  let high = 0xffffffff;
  let low = 0xffffffff;
  return {
    update: (chunk) => {
      for (let index = 0; index < chunk.length; index++) {
        const slot = (low ^ (chunk[index] ?? 0)) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (lowTable[slot] ?? 0);
        high = (high >>> 8) ^ (highTable[slot] ?? 0);
      }
    },
    digest: () => base64OfWords(~high >>> 0, ~low >>> 0),
  };
}

function buildCrc64Table(): { readonly high: Uint32Array; readonly low: Uint32Array } {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ CRC64_POLYNOMIAL : crc >> 1n;
    high[byte] = Number(crc >> 32n);
    low[byte] = Number(crc & 0xffffffffn);
  }
  return { high, low };
}

function base64OfWords(...words: readonly number[]): string {
  const bytes = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word, index * 4);
  return bytes.toString("base64");
}
