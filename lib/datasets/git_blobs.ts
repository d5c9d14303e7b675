/**
 * The contents of a repository's files (blobs): their sizes, and they themselves, as `git cat-file` streams them.
 *
 * @module
 */
import { ByteReader } from "./byte_reader.ts";
import { type DecodeOptions, decodeText } from "./decode_text.ts";
import { type GitProcess, startGit } from "./git_process.ts";

/** A content of a history, where it stood first. */
export interface HistoryBlob {
  /** Its number in the corpus. */
  number: number;
  /** Its name: `commit:path`, or `:path` of what is staged; `git show` shows it. */
  docId: string;
  path: string;
  /** The commit that brought it in; null of what is staged. */
  commit: string | null;
  /** The object's name. */
  object: string;
}

/** Contents of a repository; may be sent to a worker. */
export interface HistorySource {
  kind: "history";
  folder: string;
  blobs: HistoryBlob[];
  /** What is too large to be read. */
  skipped: { path: string; reason: string }[];
}

const LINE_END = 10;
/** What git has of an object that is not there, or broken. */
const [MISSING, BROKEN] = ["missing in the repository", "broken in the repository"];

/**
 * Asks git for the sizes of objects, many times.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BlobSizes } from "./git_blobs.ts";
 *
 * await using sizes = new BlobSizes(".");
 * assertEquals(await sizes.of(["0123456789".repeat(4)]), [null]);
 * ```
 */
export class BlobSizes implements AsyncDisposable {
  readonly #git: GitProcess;
  readonly #reader: ByteReader;

  /** @param folder the repository's */
  constructor(folder: string) {
    this.#git = startGit(folder, ["cat-file", "--batch-check"], { takesInput: true });
    this.#reader = new ByteReader(this.#git.output);
  }

  /** Bytes of each object; null of one that is not there. @throws {Error} if git ends */
  async of(objects: readonly string[]): Promise<(number | null)[]> {
    const asked = this.#git.write(namesOf(objects));
    const sizes: (number | null)[] = [];
    for (let i = 0; i < objects.length; i++) {
      const answer = await blobHead(this.#reader);
      if (answer === null) await this.#git.end();
      sizes.push(answer?.size ?? null);
    }
    await asked;
    return sizes;
  }

  /** Ends git. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader[Symbol.asyncDispose]();
    await this.#git[Symbol.asyncDispose]();
  }
}

/**
 * The texts of contents, in their order, or why they are none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readBlobs } from "./git_blobs.ts";
 *
 * const source = { kind: "history" as const, folder: ".", blobs: [], skipped: [] };
 * assertEquals(await Array.fromAsync(readBlobs(source)), []);
 * ```
 */
export async function* readBlobs(
  { folder, blobs }: HistorySource,
  options: DecodeOptions = {},
): AsyncGenerator<{ blob: HistoryBlob } & ({ text: string } | { reason: string })> {
  for (let first = 0; first < blobs.length;) {
    await using git = startGit(folder, ["cat-file", "--batch"], { takesInput: true });
    const asked = git.write(namesOf(blobs.slice(first).map(({ object }) => object)));
    await using reader = new ByteReader(git.output);
    while (first < blobs.length) {
      const blob = blobs[first++]!;
      const head = await blobHead(reader);
      const bytes = head?.size === undefined ? null : await reader.exactly(head.size + 1); // a line break follows
      if (head !== null && head.size === undefined) yield { blob, reason: MISSING };
      else if (bytes === null) {
        yield { blob, reason: BROKEN };
        break; // git has ended at it: go on with another
      } else yield { blob, ...decodeText(bytes.subarray(0, -1), options) };
    }
    await asked;
  }
}

function namesOf(objects: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(objects.map((object) => `${object}\n`).join(""));
}

/**
 * What `git cat-file --batch` says before an object: its bytes, or that there is none; null where git has ended.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ByteReader } from "./byte_reader.ts";
 * import { blobHead } from "./git_blobs.ts";
 *
 * const said = new TextEncoder().encode("e69de29 blob 0\n0123456 missing\n");
 * await using reader = new ByteReader(ReadableStream.from([said]));
 * assertEquals([await blobHead(reader), await blobHead(reader), await blobHead(reader)], [{ size: 0 }, {}, null]);
 * ```
 */
export async function blobHead(reader: ByteReader): Promise<{ size?: number } | null> {
  const line = await reader.until(LINE_END);
  if (line === null) return null;
  const size = / blob (\d+)$/.exec(new TextDecoder().decode(line))?.[1];
  return size === undefined ? {} : { size: Number(size) };
}
