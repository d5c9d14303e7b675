/** A tensor in a header; by default four floats. */
export interface TensorEntry {
  sizes?: readonly (number | bigint)[];
  dimensions?: number;
  type?: number;
  offset?: number | bigint;
}

/** A GGUF file's bytes, right or wrong. */
export class GgufBytes {
  readonly #bytes: number[] = [];

  /** The magic word, version and counts. */
  static of({ magic = "GGUF", version = 3, tensors = 0n, metadata = 0n } = {}): GgufBytes {
    const file = new GgufBytes();
    file.#bytes.push(...new TextEncoder().encode(magic));
    return file.u32(version).u64(tensors).u64(metadata);
  }

  u8(value: number): this {
    this.#bytes.push(value & 255);
    return this;
  }

  u32(value: number): this {
    for (let i = 0; i < 4; i++) this.u8(value >>> 8 * i);
    return this;
  }

  u64(value: bigint | number): this {
    for (let i = 0n; i < 8n; i++) this.u8(Number(BigInt.asUintN(64, BigInt(value)) >> 8n * i & 255n));
    return this;
  }

  text(value: string | Uint8Array): this {
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    this.u64(bytes.length);
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  /** A tensor's entry; sizes are as the file has them, rows last. */
  tensor(name: string, { sizes = [4], dimensions, type = 0, offset = 0 }: TensorEntry = {}): this {
    this.text(name).u32(dimensions ?? sizes.length);
    for (const size of sizes) this.u64(size);
    return this.u32(type).u64(offset);
  }

  /** Padding to a multiple, then bytes of data. */
  data(bytes: number, alignment = 32): Uint8Array {
    const start = Math.ceil(this.#bytes.length / alignment) * alignment;
    const file = new Uint8Array(start + bytes);
    file.set(this.#bytes);
    return file;
  }

  /** What there is so far. */
  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
