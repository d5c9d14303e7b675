/**
 * Rust's packages, asked for as Cargo asks: of a sparse index, whose `config.json` names where archives are.
 *
 * @module
 */
import { join } from "node:path";
import { endedBy } from "../files/ended_by.ts";
import { hashFile } from "../setup/pinned_files.ts";
import { type Download, otherHash, type PackageRegistry, type Release } from "./package_list.ts";

/** A release, and its archive's SHA-256. */
export interface Crate extends Release {
  sha256: string;
}

const SILENCE_MS = 60_000;
const TRIES = 3;

/**
 * A registry of Rust's packages.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { CratesRegistry } from "./crates_registry.ts";
 *
 * await using registry = new CratesRegistry("http://localhost:4/"); // not allowed to tests
 * await assertRejects(() => registry.releases("serde"), Error, 'may not connect to "localhost:4"');
 * ```
 */
export class CratesRegistry implements PackageRegistry<Crate> {
  readonly #index: string;
  #archives: Promise<string> | undefined;

  /** @param index the index's address, which ends in a slash */
  constructor(index: string) {
    this.#index = index;
  }

  /** All releases of a crate, as they were published; none where there is no such crate. */
  async releases(name: string, signal?: AbortSignal): Promise<Crate[]> {
    const low = name.toLowerCase();
    const folder = low.length < 3
      ? String(low.length)
      : low.length === 3
      ? `3/${low[0]}`
      : `${low.slice(0, 2)}/${low.slice(2, 4)}`;
    const answer = await ask(`${this.#index}${folder}/${low}`, signal);
    if (answer === null) return [];
    const lines = (await answer.text()).split("\n").filter(Boolean);
    return lines.flatMap((line) => readCrate(line) ?? []).sort((a, b) => a.created < b.created ? -1 : 1);
  }

  /** Downloads an archive. */
  async download({ name, release, folder, maxBytes, signal }: Download<Crate>): Promise<string | null> {
    this.#archives ??= this.#readArchives(signal);
    const prefix = name.length < 3
      ? String(name.length)
      : name.length === 3
      ? `3/${name[0]}`
      : `${name.slice(0, 2)}/${name.slice(2, 4)}`;
    const parts: { [mark: string]: string } = {
      crate: name,
      version: release.version,
      prefix,
      lowerprefix: prefix.toLowerCase(),
      "sha256-checksum": release.sha256,
    };
    const pattern = await this.#archives;
    const url = /\{[a-z\d-]+\}/.test(pattern)
      ? pattern.replace(/\{([a-z\d-]+)\}/g, (mark, part) => parts[part] ?? mark)
      : `${pattern}/${name}/${release.version}/download`;
    const answer = await ask(url, signal);
    if (answer === null) throw new Error(`Cannot download "${name}": its archive is not there`);
    const path = join(folder, `${name}-${release.version}.crate`);
    using file = await Deno.open(path, { createNew: true, write: true });
    let size = 0;
    for await (const piece of answer.body ?? []) {
      size += piece.length;
      if (size > maxBytes) return null;
      for (let at = 0; at < piece.length;) at += await file.write(piece.subarray(at));
    }
    if (await hashFile(path) !== release.sha256) throw otherHash(`${name}-${release.version}.crate`);
    return path;
  }

  /** Nothing is left running. */
  async [Symbol.asyncDispose](): Promise<void> {}

  async #readArchives(signal: AbortSignal | undefined): Promise<string> {
    const text = await (await ask(`${this.#index}config.json`, signal))?.text() ?? "";
    const dl = /"dl"\s*:\s*"(https?:\/\/[^"\\\s]+)"/.exec(text)?.[1];
    if (dl === undefined) {
      throw new SyntaxError("Cannot read the index of crates: it does not say where they are");
    }
    return dl.replace(/\/+$/, "");
  }
}

/** A line of the index; undefined where it has no date, or is none. */
function readCrate(line: string): Crate | undefined {
  let row: { vers?: unknown; cksum?: unknown; pubtime?: unknown; yanked?: unknown };
  try {
    row = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { vers: version, cksum: sha256, pubtime: created, yanked } = row;
  if (typeof version !== "string" || typeof sha256 !== "string") return undefined;
  if (typeof created !== "string" || !/^\d{4}-\d\d-\d\dT/.test(created)) return undefined;
  return { version, created, sha256, isOdd: yanked === true || version.includes("-") };
}

/** An answer; null where there is no such thing. */
async function ask(url: string, signal: AbortSignal | undefined): Promise<Response | null> {
  const { host } = new URL(url);
  for (let tries = 1;; tries++) {
    try {
      const signals = [AbortSignal.timeout(SILENCE_MS), ...(signal ? [signal] : [])];
      const response = await fetch(url, {
        headers: { "user-agent": "codescrub" },
        signal: AbortSignal.any(signals),
      });
      if (response.ok) return new Response(response.body?.pipeThrough(endedBy(signals)));
      await response.body?.cancel();
      if ([404, 410, 451].includes(response.status)) return null;
      if (tries < TRIES && response.status >= 500) continue;
      throw new Error(`Cannot ask for packages: "${host}" answers ${response.status}: run it again later`);
    } catch (cause) {
      signal?.throwIfAborted();
      const message = cause instanceof Error ? cause.message : "";
      if (message.startsWith("Cannot ")) throw cause;
      const forbidden = /net access to "([^"]+)"/.exec(message)?.[1];
      if (forbidden) {
        throw new Error(
          `Cannot ask for packages: this run may not connect to "${forbidden}": add --allow-net=${forbidden} to Deno's options`,
          { cause },
        );
      }
      if (tries < TRIES) continue;
      throw new Error(`Cannot ask for packages: "${host}" cannot be reached: check the network`, { cause });
    }
  }
}
