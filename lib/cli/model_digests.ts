/**
 * SHA-256 of a model's files: of all that decides what it computes, whole, whatever their size, and of nothing that a run
 * writes beside them.
 *
 * @module
 */
import { basename, join } from "node:path";
import { checkRegularFile } from "../files/read_file.ts";
import { TOKENIZER_FILES } from "../checkpoints/model_tokenizer.ts";
import type { Context } from "./command.ts";
import { hashFile } from "../setup/pinned_files.ts";
import { isName } from "./message_gate.ts";

/** SHA-256 in hexadecimal, by the file's name. */
export type FileDigests = { [name: string]: string };

const WEIGHTS = /\.(safetensors|bin|pt|gguf)(\.index\.json)?$/i;
const OTHERS: readonly string[] = ["config.json", ...TOKENIZER_FILES];

/**
 * Hashes the files of a model, of which there may be gigabytes.
 *
 * @param path of a folder or a GGUF file
 * @returns by name; a file whose name may be anything else than a name is called by its number
 * @throws {Error} when one cannot be read
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { modelDigests } from "./model_digests.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["config.json", "model.safetensors", "run.json"]) await Deno.writeTextFile(`${folder}/${name}`, "");
 * const context = { progress: createProgress(), signal: new AbortController().signal };
 * const digests = await modelDigests(folder, context);
 * assertEquals(Object.keys(digests), ["config.json", "model.safetensors"]);
 * assertEquals(digests["config.json"]!.slice(0, 8), "e3b0c442");
 * ```
 */
export async function modelDigests(
  path: string,
  { progress, signal }: Pick<Context, "progress" | "signal">,
): Promise<FileDigests> {
  const isFile = (await Deno.stat(path)).isFile;
  const names = isFile
    ? [basename(path)]
    : Array.from(Deno.readDirSync(path), ({ name }) => name).filter(isPart).sort();
  const files = names.map((name) => ({ name, path: isFile ? path : join(path, name) }));
  const stage = progress.start("Hashing the model", files.length, "files");
  const digests: FileDigests = {};
  for (const [i, file] of files.entries()) {
    digests[isFile ? "model.gguf" : isName(file.name) ? file.name : `file ${i}`] = await fileDigest(
      file.path,
      signal,
    );
    stage.advance(1);
  }
  stage.done();
  return digests;
}

function isPart(name: string): boolean {
  return OTHERS.includes(name) || (WEIGHTS.test(name) && !name.startsWith("."));
}

/**
 * SHA-256 of a file, in hexadecimal.
 *
 * @throws {Error} when it cannot be read; {TypeError} when it is no regular file
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fileDigest } from "./model_digests.ts";
 *
 * assertEquals((await fileDigest(await Deno.makeTempFile())).slice(0, 8), "e3b0c442");
 * ```
 */
export async function fileDigest(path: string, signal?: AbortSignal): Promise<string> {
  await checkRegularFile(path, { what: "file" });
  return await hashFile(path, { signal });
}

/**
 * Which files differ between two models.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { differentFiles } from "./model_digests.ts";
 *
 * assertEquals(differentFiles({ a: "1", b: "2" }, { a: "1", b: "3", c: "4" }), ["b", "c"]);
 * ```
 */
export function differentFiles(one: FileDigests, other: FileDigests): string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => one[name] !== other[name]).sort();
}
