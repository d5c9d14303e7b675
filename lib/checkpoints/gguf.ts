/**
 * GGUF files, llama.cpp's models: weights, configuration and tokenizer in one file, or in several of one name. Weights are widened to
 * float32 piece by piece; only the few tensors whose rows must be reordered are held as a whole, one at a time.
 *
 * @module
 */
import { ggufTokenizer } from "../tokenizers/gguf_tokenizer.ts";
import { whyNotRegular } from "../files/read_file.ts";
import { fileReasonOf } from "../files/reason.ts";
import { ggufConfig } from "./gguf_config.ts";
import { ggufParts } from "./gguf_files.ts";
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
  const parts: GgufPart[] = [];
  try {
    for (const name of ggufParts(path)) {
      const file = openFile(name);
      parts.push({ file, header: { metadata: new Map(), tensors: new Map() } });
      parts.at(-1)!.header = headerOf(file, name);
    }
    checkParts(parts, path);
    const { metadata } = parts[0]!.header;
    const tensors = new Map(parts.flatMap(({ header }) => [...header.tensors]));
    const scale = ropeFactors(parts, path);
    const configJson = ggufConfig({ metadata, tensors }, path, scale);
    return { source: new GgufSource(path, { parts, configJson }), configJson };
  } catch (error) {
    for (const { file } of parts) file.close();
    throw error;
  }
}

/** One of the files that a model is. */
interface GgufPart {
  file: Deno.FsFile;
  header: GgufHeader;
}

/** Refuses files that are not all parts of one model, or hold a tensor twice. */
function checkParts(parts: readonly GgufPart[], path: string): void {
  const count = parts[0]!.header.metadata.get("split.count") ?? 1;
  const refuse = (what: string): never => {
    throw new SyntaxError(`Cannot load "${path}": ${what}`);
  };
  if (count !== parts.length) {
    refuse(`it is one of ${count} files, and they are named as llama.cpp does, NAME-00001-of-0000N.gguf`);
  }
  const names = new Set<string>();
  parts.forEach(({ header: { metadata, tensors } }, i) => {
    if (parts.length > 1 && (metadata.get("split.no") !== i || metadata.get("split.count") !== count)) {
      refuse(`its file ${i + 1} says that it is ${splitOf(metadata)}`);
    }
    for (const name of tensors.keys()) {
      if (names.has(name)) refuse(`two of its files have the tensor ${JSON.stringify(name)}`);
      names.add(name);
    }
  });
}

function splitOf(metadata: GgufHeader["metadata"]): string {
  const [number, count] = ["split.no", "split.count"].map((key) => metadata.get(key));
  return number === undefined ? "no part" : `${Number(number) + 1} of ${count}`;
}

/** What Llama 3's files divide the frequencies of their rotary positions by; undefined where a file has no such tensor. */
function ropeFactors(parts: readonly GgufPart[], path: string): Float32Array | undefined {
  for (const { file, header } of parts) {
    const stored = header.tensors.get(ROPE_FACTORS);
    if (!stored) continue;
    const size = sizeOf(stored.shape);
    if (size > MAX_ROPE_FACTORS) {
      throw new SyntaxError(
        `Cannot load "${path}": "${ROPE_FACTORS}" has ${size} values, at most ${MAX_ROPE_FACTORS} are allowed`,
      );
    }
    const [bytes, values] = [new Uint8Array(stored.bytes), new Float32Array(size)];
    for (let done = 0; done < bytes.length;) {
      const got = readAt(file, stored.begin + done, bytes.subarray(done));
      if (got === 0) throw new SyntaxError(`Cannot read GGUF "${path}": file ended while it was read`);
      done += got;
    }
    stored.type.widen(bytes, values);
    return values;
  }
  return undefined;
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
  using file = openFile(ggufParts(path)[0]!);
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
  /** Where it is. */
  file: Deno.FsFile;
  reordering: Reordering | null;
}

/** A tensor of which the configuration is read, and that is no weight. */
const ROPE_FACTORS = "rope_freqs.weight";
const MAX_ROPE_FACTORS = 4096;

class GgufSource implements TensorSource {
  readonly file: string;
  readonly tensors: ReadonlyMap<string, MappedTensor>;
  readonly #parts: readonly GgufPart[];
  /** The last tensor that was reordered, until its last piece was asked for. */
  #whole: { name: string; values: Float32Array } | null = null;

  constructor(
    path: string,
    { parts, configJson }: { parts: readonly GgufPart[]; configJson: Record<string, unknown> },
  ) {
    this.file = path;
    this.#parts = parts;
    const mapped = parts.flatMap(({ file, header }) =>
      Array.from(header.tensors.values(), (stored) => mapTensor(stored, { configJson, file }))
    ).filter(([name]) => name !== ROPE_FACTORS);
    this.tensors = new Map(mapped);
    if (this.tensors.size < mapped.length) {
      throw new SyntaxError(`Cannot load "${path}": two tensors have one name`);
    }
  }

  async read(name: string, values: Float32Array, start: number): Promise<void> {
    const { reordering, ...tensor } = this.tensors.get(name)!;
    const { stored } = tensor;
    if (reordering === null) return await this.#widen(tensor, values, start);
    if (this.#whole?.name !== name) {
      const whole = new Float32Array(sizeOf(stored.shape));
      for (let at = 0; at < whole.length; at += PIECE_ELEMENTS) {
        await this.#widen(tensor, whole.subarray(at, at + PIECE_ELEMENTS), at);
      }
      this.#whole = { name, values: reorder(whole, stored.shape, reordering) };
    }
    values.set(this.#whole.values.subarray(start, start + values.length));
    if (start + values.length === this.#whole.values.length) this.#whole = null;
  }

  /** Elements in the file's own order. */
  async #widen(
    { stored: { type, begin }, file }: Pick<MappedTensor, "stored" | "file">,
    values: Float32Array,
    start: number,
  ): Promise<void> {
    const bytes = new Uint8Array(values.length / type.weights * type.bytes);
    await file.seek(begin + start / type.weights * type.bytes, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) {
      const got = await file.read(bytes.subarray(done));
      if (got === null) {
        throw new SyntaxError(`Cannot read GGUF "${this.file}": file ended while it was read`);
      }
      done += got;
    }
    type.widen(bytes, values);
  }

  [Symbol.dispose](): void {
    for (const { file } of this.#parts) file.close();
  }
}

function mapTensor(
  stored: GgufTensor,
  { configJson, file }: { configJson: Record<string, unknown>; file: Deno.FsFile },
): [string, MappedTensor] {
  const { name, reordering } = mapGgufName(stored.name, configJson);
  const shape = reordering?.kind === "transpose" ? stored.shape.toReversed() : stored.shape;
  return [name, { dtype: stored.type.name, shape, isReadable: true, stored, file, reordering }];
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
