/**
 * Weights in several files with an index, `model.safetensors.index.json` or `pytorch_model.bin.index.json`:
 * `{"weight_map": {tensor: file}}`. Files are plain names inside the index's folder, and hold exactly the tensors that
 * the index maps to them.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { reasonOf } from "../files/reason.ts";
import { FileReader } from "./file_reader.ts";
import { scanJson } from "./scan_json.ts";
import type { SourceTensor, TensorSource } from "./tensor_source.ts";

const MAX_INDEX_BYTES = 1 << 26;
const MAX_TENSORS = 1 << 18;

/**
 * Opens all files of an index.
 *
 * @param open opens one of them
 * @throws {Error} when a file cannot be opened; {SyntaxError} when the index is malformed or does not fit the files
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { openSafetensors } from "./safetensors_source.ts";
 *
 * const path = `${await Deno.makeTempDir()}/model.safetensors.index.json`;
 * await Deno.writeTextFile(path, '{"weight_map": {"x": "../secret.safetensors"}}');
 * const message = '"x" is in "../secret.safetensors": expected a file name without folders';
 * await assertRejects(() => openShards(path, openSafetensors), SyntaxError, message);
 * ```
 */
export async function openShards(
  path: string,
  open: (path: string) => Promise<TensorSource>,
): Promise<TensorSource> {
  const map = await readIndex(path);
  const shards = new Map<string, TensorSource>();
  try {
    for (const file of new Set(map.values())) shards.set(file, await open(join(dirname(path), file)));
    return new ShardedSource(path, map, shards);
  } catch (error) {
    for (const shard of shards.values()) shard[Symbol.dispose]();
    throw error;
  }
}

function refuse(path: string, what: string, cause?: unknown): never {
  throw new SyntaxError(`Cannot read index "${path}": ${what}`, { cause });
}

/** The file of each tensor. */
async function readIndex(path: string): Promise<Map<string, string>> {
  using file = await FileReader.open(path);
  if (file.size > MAX_INDEX_BYTES) {
    refuse(path, `it has ${file.size} bytes, at most ${MAX_INDEX_BYTES} are allowed`);
  }
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(file.readSync(0, file.size));
  } catch (cause) {
    refuse(path, `it is no valid JSON: ${reasonOf(cause)}`, cause);
  }
  const { repeatedKey, commas } = scanJson(text, { objects: Infinity, commas: MAX_TENSORS });
  if (commas > MAX_TENSORS) refuse(path, `it has more than ${MAX_TENSORS} entries`);
  try {
    json = JSON.parse(text);
  } catch (cause) {
    refuse(path, `it is no valid JSON: ${reasonOf(cause)}`, cause);
  }
  if (repeatedKey !== undefined) refuse(path, `it names ${JSON.stringify(repeatedKey)} twice`);
  const map = (json as { weight_map?: unknown } | null)?.weight_map;
  if (map === null || typeof map !== "object" || Array.isArray(map)) refuse(path, "it has no weight_map");
  const entries = Object.entries(map);
  if (entries.length === 0) refuse(path, "its weight_map is empty");
  for (const [name, file] of entries) {
    if (typeof file !== "string" || !/^[^/\\\0]+$/.test(file) || file === "." || file === "..") {
      refuse(path, `"${name}" is in ${JSON.stringify(file)}: expected a file name without folders`);
    }
  }
  return new Map(entries);
}

class ShardedSource implements TensorSource {
  readonly file: string;
  readonly tensors: ReadonlyMap<string, SourceTensor>;
  readonly #shards: ReadonlyMap<string, TensorSource>;
  readonly #files: ReadonlyMap<string, string>;
  readonly readHalves?: NonNullable<TensorSource["readHalves"]>;

  constructor(
    path: string,
    files: ReadonlyMap<string, string>,
    shards: ReadonlyMap<string, TensorSource>,
  ) {
    this.file = path;
    this.#files = files;
    this.#shards = shards;
    const tensors = new Map<string, SourceTensor>();
    for (const [name, file] of files) {
      const tensor = shards.get(file)!.tensors.get(name);
      if (!tensor) refuse(path, `"${name}" is not in "${file}", where it should be`);
      tensors.set(name, tensor);
    }
    for (const [file, shard] of shards) {
      for (const name of shard.tensors.keys()) {
        if (files.get(name) !== file) {
          refuse(path, `"${file}" holds "${name}", which the index does not map to it`);
        }
      }
    }
    this.tensors = tensors;
    if (shards.values().every((shard) => shard.readHalves)) {
      this.readHalves = (name, ...rest) => shards.get(files.get(name)!)!.readHalves!(name, ...rest);
    }
  }

  read(name: string, values: Float32Array, start: number): Promise<void> {
    return this.#shards.get(this.#files.get(name)!)!.read(name, values, start);
  }

  [Symbol.dispose](): void {
    for (const shard of this.#shards.values()) shard[Symbol.dispose]();
  }
}
