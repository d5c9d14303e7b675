/**
 * Token ids of a corpus in a file, from which training reads its windows: ids of four bytes, document after document, then
 * the documents' lengths. Beside it stands a record of its size and SHA-256, so a file that was cut or changed is known.
 * Both may be read by their owner only, as the ids are the texts.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { removePath, renamePath } from "../files/folders.ts";
import { readRegularText } from "../files/read_file.ts";
import { fileReasonOf } from "../files/reason.ts";
import {
  createFile,
  PRIVATE,
  syncFile,
  temporaryPath,
  writeAll,
  writeFileAtomic,
} from "../files/write_file.ts";
import type { TokenDocuments } from "./windows.ts";

/** The pattern of such files' names: of token_ids.bin and its record. */
export const TOKEN_FILES = "token_ids.*";

/** What is known of a file. */
interface TokenRecord {
  documents: number;
  tokens: number;
  sha256: string;
}

/** Bytes of a token id, and of a document's length. */
export const ID_BYTES = Int32Array.BYTES_PER_ELEMENT;
const BUFFER_BYTES = 2 ** 20;
const MAX_RECORD_BYTES = 2 ** 12;

/**
 * Writes a file, and it appears whole or not at all.
 *
 * @param batches ids of documents, some at once; what they throw is thrown on
 * @throws {Error} If it cannot be written.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TokenFile, writeTokenFile } from "./token_file.ts";
 *
 * const path = `${await Deno.makeTempDir()}/token_ids.bin`;
 * await writeTokenFile(path, [[Int32Array.from([1, 2, 3])], [Int32Array.from([4]), Int32Array.from([])]]);
 * using file = (await TokenFile.open(path))!;
 * const ids = new Int32Array(2);
 * file.read(0, 1, ids);
 * assertEquals([file.length, file.lengthOf(1), ...ids], [3, 1, 2, 3]);
 * ```
 */
export async function writeTokenFile(
  path: string,
  batches: AsyncIterable<readonly Int32Array[]> | Iterable<readonly Int32Array[]>,
): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    const record = await writeIds(temporary, batches);
    await renamePath(temporary, path);
    await writeFileAtomic(recordPath(path), JSON.stringify(record) + "\n", { mode: PRIVATE });
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // it may not have come into being, or have its name already
    throw error;
  }
}

async function writeIds(
  path: string,
  batches: AsyncIterable<readonly Int32Array[]> | Iterable<readonly Int32Array[]>,
): Promise<TokenRecord> {
  using writer = await IdWriter.create(path);
  let lengths = new Uint32Array(1024);
  let [documents, tokens] = [0, 0];
  for await (const batch of batches) {
    for (const ids of batch) {
      if (documents === lengths.length) {
        const more = new Uint32Array(2 * documents);
        more.set(lengths);
        lengths = more;
      }
      lengths[documents++] = ids.length;
      tokens += ids.length;
      await writer.write(ids);
    }
  }
  await writer.write(lengths.subarray(0, documents));
  return { documents, tokens, sha256: await writer.end() };
}

/** Writes numbers of four bytes by the megabyte, and hashes them. */
class IdWriter implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  readonly #hash: Hash = createHash("sha256");
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #filled = 0;

  static async create(path: string): Promise<IdWriter> {
    return new IdWriter(path, await createFile(path, { mode: PRIVATE }));
  }

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  async write(numbers: Int32Array | Uint32Array): Promise<void> {
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + BUFFER_BYTES - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === BUFFER_BYTES) await this.#flush();
    }
  }

  /** Has all on the disk; the SHA-256. */
  async end(): Promise<string> {
    await this.#flush();
    await syncFile(this.#file, this.#path);
    return this.#hash.digest("hex");
  }

  async #flush(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#filled);
    this.#hash.update(bytes);
    await writeAll(this.#file, bytes, this.#path);
    this.#filled = 0;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function recordPath(path: string): string {
  return path.replace(/(\.bin)?$/, ".json");
}

/**
 * An open file of token ids: eight bytes of memory a document. `using` closes it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TokenFile, writeTokenFile } from "./token_file.ts";
 * import { Windows } from "./windows.ts";
 *
 * const path = `${await Deno.makeTempDir()}/token_ids.bin`;
 * const documents = Array.from({ length: 9 }, (_, i) => Int32Array.from([i, i, i]));
 * await writeTokenFile(path, [documents]);
 * using file = (await TokenFile.open(path))!;
 * const options = { batch: 2, length: 8, seed: 1, endOfText: 0 };
 * assertEquals(new Windows(file, options).batch(0), new Windows(documents, options).batch(0));
 * ```
 */
export class TokenFile implements TokenDocuments, Disposable {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  /** Where each document begins, and where the last ends, in tokens. */
  readonly #starts: Float64Array;
  #isOpen = true;

  private constructor(path: string, file: Deno.FsFile, starts: Float64Array) {
    this.#path = path;
    this.#file = file;
    this.#starts = starts;
  }

  /**
   * Opens what {@linkcode writeTokenFile} wrote, once its SHA-256 was found to be right.
   *
   * @param options.isNew it was written by this very run, so it is not read to be hashed again; default false
   * @returns undefined where there is none, or one that was cut or changed since
   * @throws {Error} If it cannot be read.
   */
  static async open(path: string, { isNew = false } = {}): Promise<TokenFile | undefined> {
    const record = await readTokenRecord(recordPath(path));
    const info = await Deno.stat(path).catch(() => undefined);
    if (!record || !info?.isFile || info.size !== ID_BYTES * (record.tokens + record.documents)) {
      return undefined;
    }
    using held = new DisposableStack();
    const file = held.use(await Deno.open(path).catch((cause) => refuseRead(path, cause)));
    if (!isNew && await hashOf(file) !== record.sha256) return undefined;
    const lengths = new Uint32Array(record.documents);
    readAt(file, { path, position: ID_BYTES * record.tokens, into: lengths });
    const starts = new Float64Array(record.documents + 1);
    lengths.forEach((length, i) => starts[i + 1] = starts[i]! + length);
    held.move();
    return new TokenFile(path, file, starts);
  }

  /** How many documents. */
  get length(): number {
    return this.#starts.length - 1;
  }

  /** How many tokens one has. */
  lengthOf(document: number): number {
    return this.#starts[document + 1]! - this.#starts[document]!;
  }

  /**
   * Fills `into` with a document's tokens from `first` on.
   *
   * @throws {Error} If the file cannot be read, or has become shorter.
   */
  read(document: number, first: number, into: Int32Array): void {
    readAt(this.#file, { path: this.#path, position: ID_BYTES * (this.#starts[document]! + first), into });
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    if (this.#isOpen) this.#file.close();
    this.#isOpen = false;
  }
}

/**
 * Removes a file of token ids with its record, where they are there.
 *
 * @throws {Error} If they cannot be removed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { removeTokenFile, writeTokenFile } from "./token_file.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await writeTokenFile(`${folder}/token_ids.bin`, [[Int32Array.from([1])]]);
 * await removeTokenFile(`${folder}/token_ids.bin`);
 * assertEquals([...Deno.readDirSync(folder)], []);
 * ```
 */
export async function removeTokenFile(path: string): Promise<void> {
  for (const file of [recordPath(path), path]) {
    if (await Deno.lstat(file).catch(() => undefined)) await removePath(file);
  }
}

async function readTokenRecord(path: string): Promise<TokenRecord | undefined> {
  try {
    const text = await readRegularText(path, { what: "token record", maxBytes: MAX_RECORD_BYTES });
    const record = JSON.parse(text) as Partial<TokenRecord> | null;
    const isCount = (value: unknown) => Number.isSafeInteger(value) && value as number >= 0;
    return isCount(record?.documents) && isCount(record?.tokens) ? record as TokenRecord : undefined;
  } catch {
    return undefined; // none, or none of ours: the ids are made anew
  }
}

async function hashOf(file: Deno.FsFile): Promise<string> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest("hex");
}

function readAt(
  file: Deno.FsFile,
  { path, position, into }: { path: string; position: number; into: Int32Array | Uint32Array },
): void {
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  let filled = 0;
  try {
    file.seekSync(position, Deno.SeekMode.Start);
    for (let count: number | null = 1; filled < bytes.length && count !== null; filled += count ?? 0) {
      count = file.readSync(bytes.subarray(filled));
    }
  } catch (cause) {
    refuseRead(path, cause);
  }
  if (filled === bytes.length) return;
  throw new Error(
    `Cannot read token ids "${path}": it ends at byte ${
      position + filled
    }, it was longer: run the command again`,
  );
}

function refuseRead(path: string, cause: unknown): never {
  throw new Error(`Cannot read token ids "${path}": ${fileReasonOf(cause)}`, { cause });
}
