/**
 * The npm packages in Deno's cache beside what they must be. Deno compares a package with deno.lock when it downloads
 * it, and never again: what is edited afterwards runs. data/npm_packages.json has a hash of what each package unpacks
 * to, so an edited one is known without a network, and so is a deno.lock whose hash was exchanged.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { reasonOf } from "../files/reason.ts";
import { hashFile, type ReadOptions, type VerifyRow } from "./pinned_files.ts";

const LOCK = fileURLToPath(new URL("../../deno.lock", import.meta.url));
const PINS = fileURLToPath(new URL("../../data/npm_packages.json", import.meta.url));

/** Hashes of packages by their names and versions, "commander@15.1.0". */
export interface NpmPins {
  [id: string]: {
    /** The archive's hash, as deno.lock spells it. */
    integrity: string;
    /** What {@linkcode hashPackage} makes of its folder. */
    unpacked: string;
  };
}

/** Options of {@linkcode verifyNpmPackages}. */
export interface VerifyNpmOptions extends ReadOptions {
  /** Deno's cache folder (default {@linkcode denoFolder}). */
  folder?: string | null;
  /** The text of deno.lock (default: the project's). */
  lock?: string;
}

/**
 * Deno's cache folder, as Deno chooses it: null where the environment names none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { denoFolder } from "./npm_packages.ts";
 *
 * assertEquals(denoFolder((name) => ({ HOME: "/ada" })[name]), "/ada/.cache/deno");
 * ```
 */
export function denoFolder(
  variable = (name: string): string | undefined => Deno.env.get(name),
): string | null {
  const own = variable("DENO_DIR");
  if (own) return resolve(own);
  const home = variable("HOME");
  const shared = variable("XDG_CACHE_HOME") || (home && join(home, ".cache"));
  return shared ? join(shared, "deno") : null;
}

/**
 * The packages of a deno.lock, "name@version" by "name@version", with the hashes of their archives.
 *
 * @throws {SyntaxError} If it is no lock.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readLock } from "./npm_packages.ts";
 *
 * assertEquals(readLock().get("commander@15.1.0")?.startsWith("sha512-"), true);
 * ```
 */
export function readLock(text: string = Deno.readTextFileSync(LOCK)): Map<string, string> {
  let entries: [string, { integrity: string }][];
  try {
    entries = Object.entries(JSON.parse(text).npm);
  } catch (cause) {
    throw new SyntaxError(`Cannot read deno.lock: ${reasonOf(cause)}: take it from the repository again`, {
      cause,
    });
  }
  // What follows the version names the versions of peers; the package is the same.
  return new Map(entries.map(([key, { integrity }]) => [/^@?[^@]+@[^_]+/.exec(key)![0], integrity]));
}

/**
 * Where a package lies unpacked in Deno's cache: in a folder for each registry that it was fetched from, and in copies
 * where several versions of its peers are used.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { packageFolders } from "./npm_packages.ts";
 *
 * const cache = await Deno.makeTempDir();
 * await Deno.mkdir(`${cache}/npm/registry.invalid/@a/b/1.0.0_1`, { recursive: true });
 * assertEquals(packageFolders(cache, "@a/b@1.0.0"), [`${cache}/npm/registry.invalid/@a/b/1.0.0_1`]);
 * ```
 */
export function packageFolders(cache: string, id: string): string[] {
  const [, name = "", version = ""] = /^(.+)@(.+)$/.exec(id) ?? [];
  return namesIn(join(cache, "npm")).flatMap((registry) => {
    const folder = join(cache, "npm", registry, name);
    const copies = namesIn(folder).filter((copy) =>
      copy === version || copy.startsWith(`${version}_`) && /^\d+$/.test(copy.slice(version.length + 1))
    );
    return copies.map((copy) => join(folder, copy));
  });
}

function namesIn(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  } catch {
    return []; // not there
  }
}

/**
 * One hash of all files of an unpacked package, names and contents. Empty files that Deno puts beside them as notes to
 * itself are left out.
 *
 * @throws {Error} If a file cannot be read.
 *
 * @example
 * ```ts
 * import { assertEquals, assertNotEquals } from "@std/assert";
 * import { hashPackage } from "./npm_packages.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const empty = await hashPackage(folder);
 * await Deno.writeTextFile(`${folder}/.scripts-warned-1`, "");
 * assertEquals(await hashPackage(folder), empty);
 * await Deno.writeTextFile(`${folder}/index.js`, "");
 * assertNotEquals(await hashPackage(folder), empty);
 * ```
 */
export async function hashPackage(folder: string, options: ReadOptions = {}): Promise<string> {
  const hash = createHash("sha256");
  for (const path of [...filesIn(folder)].sort()) {
    const file = join(folder, path);
    if (/^\.scripts-[\w-]+$/.test(path) && Deno.statSync(file).size === 0) continue;
    hash.update(`${path}\0${await hashFile(file, options)}\n`);
  }
  return hash.digest("hex");
}

function* filesIn(root: string, folder = ""): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(root, folder))) {
    const path = join(folder, name);
    if (isDirectory) yield* filesIn(root, path);
    else yield path;
  }
}

/**
 * Every package of deno.lock that lies in Deno's cache: what is as it was downloaded in one row, what is not in a row
 * each.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { verifyNpmPackages } from "./npm_packages.ts";
 *
 * const [row] = await verifyNpmPackages({ folder: await Deno.makeTempDir() });
 * assertEquals([row?.part, row?.state], ["npm packages", "not checked"]);
 * ```
 */
export async function verifyNpmPackages(options: VerifyNpmOptions = {}): Promise<VerifyRow[]> {
  const { folder = denoFolder(), lock, ...reading } = options;
  const pins: NpmPins = JSON.parse(await Deno.readTextFile(PINS));
  const rows: VerifyRow[] = [];
  const packages = readLock(lock);
  let same = 0;
  let absent = 0;
  for (const [id, integrity] of packages) {
    const pin = pins[id];
    const folders = folder === null ? [] : packageFolders(folder, id);
    if (folders.length === 0) absent++;
    else if (!pin) rows.push(row(id, "not checked", "data/npm_packages.json does not know it"));
    else if (pin.integrity !== integrity) {
      rows.push(row(id, "differs", "deno.lock has another hash of it than data/npm_packages.json"));
    } else {
      const edited = await editedFolders(folders, pin.unpacked, reading);
      for (const path of edited) rows.push(row(id, "differs", `remove "${path}": it is downloaded anew`));
      if (edited.length === 0) same++;
    }
  }
  const found = `${same} of ${packages.size}${absent > 0 ? `, ${absent} are not there` : ""}: ${
    folder ?? "-"
  }`;
  const state = same > 0 ? "ok" : "not checked";
  return [{ part: "npm packages", state, detail: found }, ...rows];
}

function row(id: string, state: VerifyRow["state"], detail: string): VerifyRow {
  return { part: `npm ${id}`, state, detail };
}

async function editedFolders(folders: string[], hash: string, options: ReadOptions): Promise<string[]> {
  const edited: string[] = [];
  for (const folder of folders) {
    const found = await hashPackage(folder, options).catch(() => {
      options.signal?.throwIfAborted();
      return null; // what cannot be read is not what was unpacked
    });
    if (found !== hash) edited.push(folder);
  }
  return edited;
}
