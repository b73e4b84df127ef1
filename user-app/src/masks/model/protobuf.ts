/**
 * The small part of the protocol buffer wire format that reading a Caffe model and writing an ONNX model needs.
 * Format: https://protobuf.dev/programming-guides/encoding/
 */

/** A field as it lies in the message. Varints of negative numbers (ten bytes) come back negative. */
export type Field =
  | { readonly number: number; readonly kind: "varint"; readonly value: number }
  | { readonly number: number; readonly kind: "bytes"; readonly value: Uint8Array }
  | { readonly number: number; readonly kind: "fixed32"; readonly value: number }
  | { readonly number: number; readonly kind: "fixed64" };

/** Throws RangeError when the message ends in the middle of a field. */
export function* readFields(message: Uint8Array): Generator<Field> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  while (at < message.length) {
    const key = readVarint(view, at);
    at = key.end;
    const number = key.value >>> 3;
    switch (key.value & 7) {
      case 0: {
        const varint = readVarint(view, at);
        at = varint.end;
        yield { number, kind: "varint", value: varint.value };
        break;
      }
      case 1:
        at = advance(message, at, 8);
        yield { number, kind: "fixed64" };
        break;
      case 2: {
        const size = readVarint(view, at);
        at = advance(message, size.end, size.value);
        yield { number, kind: "bytes", value: message.subarray(size.end, at) };
        break;
      }
      case 5:
        yield { number, kind: "fixed32", value: view.getFloat32(at, true) };
        at += 4;
        break;
      default:
        throw new RangeError(`Protocol buffer field ${number} has wire type ${key.value & 7}, which is not in use.`);
    }
  }
}

/** Reads a packed list of integers. */
export function readPackedVarints(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const { value, end } = readVarint(view, at);
    values.push(value);
    at = end;
  }
  return values;
}

export function varintField(number: number, value: number): Uint8Array {
  return concat([varint(number << 3), varint(value)]);
}

/** A nested message, a string or bytes. */
export function bytesField(number: number, value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function readVarint(view: DataView, start: number): { value: number; end: number } {
  let value = 0n;
  for (let index = 0; index < 10; index++) {
    const byte = view.getUint8(start + index);
    value |= BigInt(byte & 127) << BigInt(7 * index);
    if (byte < 128) return { value: Number(BigInt.asIntN(64, value)), end: start + index + 1 };
  }
  throw new RangeError(`The number at byte ${start} is longer than ten bytes.`);
}

function advance(message: Uint8Array, at: number, size: number): number {
  if (size < 0 || at + size > message.length) {
    throw new RangeError(`A field at byte ${at} wants ${size} bytes; the message has ${message.length - at} left.`);
  }
  return at + size;
}
