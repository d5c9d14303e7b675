/**
 * Which files a GGUF model is: one, some that llama.cpp's `gguf-split` made of it (`m-00001-of-00003.gguf`), of which the
 * first has all metadata, or the only one of a folder.
 *
 * @module
 */
import { join } from "node:path";
import { namedModel } from "../setup/fetched_models.ts";

const PART = /-(\d{5})-of-(\d{5})(\.gguf)$/i;

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
 * All files of the model that a file is a part of, in their order: itself where its name does not say that it is one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(ggufParts("m-00002-of-00002.gguf"), ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"]);
 * assertEquals(ggufParts("m.gguf"), ["m.gguf"]);
 * ```
 */
export function ggufParts(path: string): string[] {
  const [, number, total, suffix] = PART.exec(path) ?? [];
  const count = Number(total);
  if (total === undefined || count < 1 || Number(number) < 1 || Number(number) > count) return [path];
  const name = (part: number) => path.replace(PART, `-${String(part).padStart(5, "0")}-of-${total}${suffix}`);
  return Array.from({ length: count }, (_, i) => name(i + 1));
}

/**
 * The model that a path or name means: where it is a folder without config.json and with one GGUF model, that model's first
 * file.
 *
 * @throws {Error} as `namedModel`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * assertEquals(modelPath(folder), folder);
 * for (const part of [1, 2]) await Deno.writeTextFile(`${folder}/m-0000${part}-of-00002.gguf`, "");
 * assertEquals(modelPath(folder), `${folder}/m-00001-of-00002.gguf`);
 * ```
 */
export function modelPath(name: string): string {
  const path = namedModel(name);
  const names = namesIn(path);
  if (names.includes("config.json")) return path;
  const models = [...new Set(names.filter(isGguf).map((name) => ggufParts(name)[0]!))];
  return models.length === 1 ? join(path, models[0]!) : path;
}

/** What a folder holds; nothing where it is none. */
function namesIn(path: string): string[] {
  try {
    return Array.from(Deno.readDirSync(path), ({ name }) => name);
  } catch {
    return []; // who opens it says why
  }
}
