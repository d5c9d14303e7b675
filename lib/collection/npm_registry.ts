/**
 * npm's packages, asked for by npm itself, so that its configuration (registry, proxy, certificates, tokens) holds here too.
 * Nothing is installed, and no script of a package is run.
 *
 * @module
 */
import { basename, join } from "node:path";
import { childCommand } from "../setup/child_command.ts";
import type { Download, PackageRegistry, Release } from "./package_list.ts";

const QUIET = ["--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"];

/**
 * npm.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { NpmRegistry } from "./npm_registry.ts";
 *
 * await using registry = new NpmRegistry({ npm: "no-such-npm" });
 * await assertRejects(() => registry.releases("ms"), Error, "not on the PATH");
 * ```
 */
export class NpmRegistry implements PackageRegistry {
  readonly #npm: string;

  /** @param options.npm what to start as npm (for tests) */
  constructor({ npm = "npm" }: { npm?: string } = {}) {
    this.#npm = npm;
  }

  /**
   * All releases of a package, in the order of their versions; none where there is no such package.
   *
   * @throws {Error} If the registry cannot be reached; the signal's reason
   */
  async releases(name: string, signal?: AbortSignal): Promise<Release[]> {
    const { json, code } = await this.#run(["view", name, "time", "versions", "--json"], { signal });
    if (code === "E404") return [];
    const { time, versions } = json as { time?: { [version: string]: string }; versions?: string | string[] };
    if (!time || versions === undefined) throw failed(code);
    return [versions].flat().flatMap((version) => {
      const created = time[version]?.replace(/\.\d+/, "").replace("+00:00", "Z") ?? "";
      const isOdd = version.includes("-");
      return /^\d{4}-\d\d-\d\dT/.test(created) ? [{ version, created, isOdd }] : [];
    });
  }

  /**
   * Downloads an archive, which npm compares with the registry's hash.
   *
   * @throws {Error} If it cannot be had; the signal's reason
   */
  async download({ name, release, folder, maxBytes, signal }: Download<Release>): Promise<string | null> {
    const wanted = `${name}@${release.version}`;
    const { json, code } = await this.#run(
      ["pack", wanted, "--json", "--pack-destination", folder],
      { folder, signal },
    );
    const [packed] = Array.isArray(json) ? json : [];
    if (typeof packed?.filename !== "string") throw failed(code);
    // Older ones name a scope's package with a slash, but write it without.
    const path = join(folder, basename(packed.filename.replace(/^@/, "").replaceAll("/", "-")));
    return (await Deno.stat(path)).size <= maxBytes ? path : null;
  }

  /** Nothing is left running. */
  async [Symbol.asyncDispose](): Promise<void> {}

  async #run(
    args: readonly string[],
    { folder, signal }: { folder?: string; signal?: AbortSignal | undefined },
  ): Promise<{ json: unknown; code: string }> {
    const stop = new AbortController();
    using _kept = linked(signal, stop);
    const child = childCommand("npm", this.#npm, {
      args: [...args, ...QUIET],
      ...(folder !== undefined && { cwd: folder }),
      ...{ stdin: "null", stdout: "piped", stderr: "null", signal: stop.signal },
    });
    let output: Deno.CommandOutput;
    try {
      output = await child.output();
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
      throw new Error(`Cannot ask for packages without npm: "${this.#npm}" is not on the PATH`, { cause });
    }
    signal?.throwIfAborted();
    let json: { error?: { code?: unknown } } | null = null;
    try {
      json = JSON.parse(new TextDecoder().decode(output.stdout));
    } catch {
      // it says why it could not by its code, or not at all
    }
    const code = json?.error?.code;
    return { json: json ?? {}, code: typeof code === "string" && /^E[A-Z\d]+$/.test(code) ? code : "" };
  }
}

/** Aborts one when the other does, until it is disposed. */
function linked(signal: AbortSignal | undefined, stop: AbortController): Disposable {
  const abort = () => stop.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", abort) };
}

function failed(code: string): Error {
  const reason = /^E(NOTFOUND|AI_AGAIN|CONN|TIMEDOUT|NET|HOST)/.test(code)
    ? "its registry cannot be reached: check the network and run it again"
    : code === "ENOSPC"
    ? "no space is left: make space and run it again"
    : `it failed${code && ` (${code})`}: check its configuration and run it again`;
  return new Error(`Cannot ask for packages by npm: ${reason}`);
}
