/**
 * GGUF files, llama.cpp's single-file models: weights, configuration and tokenizer in one. Weights are widened to
 * float32 piece by piece; only the few tensors whose rows must be reordered are held as a whole, one at a time.
 *
 * @module
 */
import { ggufTokenizer } from "../tokenizers/gguf_tokenizer.ts";
import { whyNotRegular } from "../files/read_file.ts";
import { fileReasonOf } from "../files/reason.ts";
import { ggufConfig } from "./gguf_config.ts";
import { type GgufHeader, type GgufTensor, readGgufHeader } from "./gguf_header.ts";
import { mapGgufName, reorder, type Reordering } from "./gguf_names.ts";
import { PIECE_ELEMENTS, type SourceTensor, type TensorSource } from "./tensor_source.ts";

/** A GGUF file that is open; disposing its source closes it. */
export interface GgufModel {
  /** Its tensors. */
  source: TensorSource;
  /** What stands for config.json. */
  configJson: Record<string, unknown>;
}

/**
 * Whether a model's path is a GGUF file's.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals([isGguf("models/m.gguf"), isGguf("models/m")], [true, false]);
 * ```
 */
export function isGguf(path: string): boolean {
  return path.toLowerCase().endsWith(".gguf");
}

/**
 * Opens a GGUF file's weights.
 *
 * @throws {Error} when it cannot be read; {SyntaxError} when it is malformed; {RangeError} when its architecture is not
 * supported
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { source, configJson } = openGguf("tests/fixtures/gguf/llama.gguf");
 * using _source = source;
 * assertEquals([configJson.model_type, source.tensors.get("model.norm.weight")!.dtype], ["llama", "F32"]);
 * ```
 */
export function openGguf(path: string): GgufModel {
  const file = openFile(path);
  try {
    const header = headerOf(file, path);
    const configJson = ggufConfig(header, path);
    return { source: new GgufSource(path, { file, header, configJson }), configJson };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Files of a tokenizer, by name. */
export type TokenizerFiles = ReadonlyMap<string, string>;

/**
 * The tokenizer of a GGUF file as the files that a model folder would have.
 *
 * @throws as `openGguf` and `ggufTokenizer`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const files = ggufTokenizerFiles("tests/fixtures/gguf/llama.gguf");
 * assertEquals([...files.keys()], ["tokenizer.json", "tokenizer_config.json"]);
 * ```
 */
export function ggufTokenizerFiles(path: string): TokenizerFiles {
  using file = openFile(path);
  const { metadata } = headerOf(file, path);
  const tokens = metadata.get("tokenizer.ggml.tokens");
  const tokenOf = (name: string) => {
    const id = metadata.get(`tokenizer.ggml.${name}_token_id`);
    return Array.isArray(tokens) && typeof id === "number" ? tokens[id] : undefined;
  };
  const settings = {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: tokenOf("bos"),
    eos_token: tokenOf("eos"),
    unk_token: tokenOf("unknown"),
    pad_token: tokenOf("padding"),
    chat_template: metadata.get("tokenizer.chat_template"),
  };
  return new Map([
    ["tokenizer.json", ggufTokenizer(metadata, path)],
    ["tokenizer_config.json", JSON.stringify(settings, null, 2) + "\n"],
  ]);
}

function openFile(path: string): Deno.FsFile {
  try {
    const reason = whyNotRegular(Deno.statSync(path)); // a pipe would wait for ever
    if (reason !== undefined) throw new Error(reason);
    return Deno.openSync(path);
  } catch (cause) {
    throw new Error(`Cannot load "${path}": ${fileReasonOf(cause)}`, { cause });
  }
}

function headerOf(file: Deno.FsFile, path: string): GgufHeader {
  return readGgufHeader((position, bytes) => readAt(file, position, bytes), file.statSync().size, path);
}

function readAt(file: Deno.FsFile, position: number, bytes: Uint8Array): number {
  file.seekSync(position, Deno.SeekMode.Start);
  return file.readSync(bytes) ?? 0;
}

interface MappedTensor extends SourceTensor {
  stored: GgufTensor;
  reordering: Reordering | null;
}

class GgufSource implements TensorSource {
  readonly file: string;
  readonly tensors: ReadonlyMap<string, MappedTensor>;
  readonly #handle: Deno.FsFile;
  /** The last tensor that was reordered, until its last piece was asked for. */
  #whole: { name: string; values: Float32Array } | null = null;

  constructor(
    path: string,
    { file, header, configJson }: {
      file: Deno.FsFile;
      header: GgufHeader;
      configJson: Record<string, unknown>;
    },
  ) {
    this.file = path;
    this.#handle = file;
    const mapped = Array.from(header.tensors.values(), (stored) => mapTensor(stored, configJson));
    this.tensors = new Map(mapped);
    if (this.tensors.size < mapped.length) {
      throw new SyntaxError(`Cannot load "${path}": two tensors have one name`);
    }
  }

  async read(name: string, values: Float32Array, start: number): Promise<void> {
    const { stored, reordering } = this.tensors.get(name)!;
    if (reordering === null) return await this.#widen(stored, values, start);
    if (this.#whole?.name !== name) {
      const whole = new Float32Array(sizeOf(stored.shape));
      for (let at = 0; at < whole.length; at += PIECE_ELEMENTS) {
        await this.#widen(stored, whole.subarray(at, at + PIECE_ELEMENTS), at);
      }
      this.#whole = { name, values: reorder(whole, stored.shape, reordering) };
    }
    values.set(this.#whole.values.subarray(start, start + values.length));
    if (start + values.length === this.#whole.values.length) this.#whole = null;
  }

  /** Elements in the file's own order. */
  async #widen({ type, begin }: GgufTensor, values: Float32Array, start: number): Promise<void> {
    const bytes = new Uint8Array(values.length / type.weights * type.bytes);
    await this.#handle.seek(begin + start / type.weights * type.bytes, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) {
      const got = await this.#handle.read(bytes.subarray(done));
      if (got === null) {
        throw new SyntaxError(`Cannot read GGUF "${this.file}": file ended while it was read`);
      }
      done += got;
    }
    type.widen(bytes, values);
  }

  [Symbol.dispose](): void {
    this.#handle.close();
  }
}

function mapTensor(stored: GgufTensor, configJson: Record<string, unknown>): [string, MappedTensor] {
  const { name, reordering } = mapGgufName(stored.name, configJson);
  const shape = reordering?.kind === "transpose" ? stored.shape.toReversed() : stored.shape;
  return [name, { dtype: stored.type.name, shape, isReadable: true, stored, reordering }];
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
