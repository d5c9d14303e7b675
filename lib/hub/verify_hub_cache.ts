/**
 * The Hub's cache beside itself: its contents are named by their hashes, so each tells whether it is what was
 * downloaded. Which contents a commit names, only the Hub knows.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { readHubSettings } from "./hub_settings.ts";
import { hashFile, type ReadOptions, type VerifyRow } from "../setup/pinned_files.ts";

/** Options of {@linkcode verifyHubCache}. */
export interface VerifyHubOptions extends ReadOptions {
  /** The Hub's cache (default: as the environment says). */
  cache?: string;
}

/**
 * Checks all contents of every model in the Hub's cache, and that no file of a model leads elsewhere.
 *
 * @returns A row for each model, and for each content that differs.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { verifyHubCache } from "./verify_hub_cache.ts";
 *
 * const cache = await Deno.makeTempDir();
 * await Deno.mkdir(`${cache}/models--ada--coder/blobs`, { recursive: true });
 * await Deno.writeTextFile(`${cache}/models--ada--coder/blobs/${"0".repeat(64)}`, "edited");
 * const [row] = await verifyHubCache({ cache });
 * assertEquals([row?.part, row?.state], ["model ada/coder", "differs"]);
 * ```
 */
export async function verifyHubCache(options: VerifyHubOptions = {}): Promise<VerifyRow[]> {
  const { cache = readHubSettings().cache, ...reading } = options;
  const rows: VerifyRow[] = [];
  for (const name of namesIn(cache).filter((name) => name.startsWith("models--"))) {
    const root = join(cache, name);
    const part = `model ${name.split("--").slice(1).join("/")}`;
    const blobs = namesIn(join(root, "blobs")).filter((blob) => !blob.endsWith(".incomplete"));
    const named = blobs.filter((blob) => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(blob));
    const edited = await editedBlobs(named.map((blob) => join(root, "blobs", blob)), reading);
    const bad = [...edited, ...strayLinks(root)];
    for (const path of bad) {
      rows.push({ part, state: "differs", detail: `remove "${path}": it is downloaded anew` });
    }
    const other = blobs.length - named.length;
    if (other > 0) {
      rows.push({ part, state: "not checked", detail: `${other} files without a hash: ${root}` });
    } else if (bad.length === 0) rows.push({ part, state: "ok", detail: `${blobs.length} files: ${root}` });
  }
  return rows;
}

/** Contents whose hash is not their name. */
async function editedBlobs(paths: string[], reading: ReadOptions): Promise<string[]> {
  const edited: string[] = [];
  for (const path of paths) {
    const name = basename(path);
    const hash = name.length === 64
      ? createHash("sha256")
      : createHash("sha1").update(`blob ${(await Deno.stat(path)).size}\0`); // as git names contents
    if (await hashFile(path, { hash, ...reading }) !== name) edited.push(path);
  }
  return edited;
}

/** Files of commits that are links to anything but the contents. */
function strayLinks(root: string): string[] {
  const blobs = join(root, "blobs");
  const links = (folder: string): string[] =>
    entriesIn(folder).flatMap(({ name, isDirectory, isSymlink }) => {
      const path = join(folder, name);
      if (isDirectory) return links(path);
      if (!isSymlink) return [];
      const target = resolve(dirname(path), Deno.readLinkSync(path));
      return dirname(target) === blobs ? [] : [path];
    });
  return links(join(root, "snapshots"));
}

function namesIn(folder: string): string[] {
  return entriesIn(folder).map(({ name }) => name).sort();
}

function entriesIn(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch {
    return []; // not there
  }
}
