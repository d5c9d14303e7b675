/**
 * Packages as sources of `collect`.
 *
 * @module
 */
import { chooseRelease, type ListedPackage, type PackageRegistry } from "../collection/package_list.ts";
import { packageSources } from "../collection/package_sources.ts";
import type { SourceRule } from "../collection/source_text.ts";
import { makeFolder } from "../files/folders.ts";
import type { CollectOptions, SourceOutcome } from "./collect_sources.ts";
import { documentsOf } from "./collect_repositories.ts";

/** How packages are collected. */
export interface PackageOptions {
  packages: readonly ListedPackage[];
  registry: PackageRegistry;
  /** A day: releases are taken that were published after it. */
  createdAfter: string;
  /** Whether a package's first release may be older. */
  takesOlder: boolean;
  rule: SourceRule;
  /** Of an archive. */
  maxBytes: number;
}

/**
 * What opens a package by its number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openPackages } from "./collect_packages.ts";
 *
 * const registry = {
 *   releases: () => Promise.resolve([{ version: "1.0", created: "2020-02-29T12:00:00Z", isOdd: false }]),
 *   download: () => Promise.resolve(null),
 *   [Symbol.asyncDispose]: () => Promise.resolve(),
 * };
 * const rule = { language: "Lua", ends: [".lua"], maxBytes: 2 ** 20, minTokens: 100 };
 * const packages = [{ name: "ada", version: null }];
 * const more = { createdAfter: "2024-01-01", takesOlder: false, maxBytes: 2 ** 20 };
 * const open = openPackages({ packages, registry, rule, ...more });
 * const old = await open(0, `${await Deno.makeTempDir()}/a`, new AbortController().signal);
 * assertEquals("reason" in old && old.reason, "release is older");
 * ```
 */
export function openPackages(
  { packages, registry, rule, maxBytes, ...choice }: PackageOptions,
): CollectOptions["open"] {
  return async (index, folder, signal) => {
    const { name, version } = packages[index]!;
    const none = (reason: string, of?: { version: string; created: string }): SourceOutcome => ({
      ...{ repo: name, version: of?.version ?? version, created: of?.created ?? null, licence: null },
      ...{ documents: 0, skipped: {}, reason },
    });
    const release = chooseRelease(await registry.releases(name, signal), { version, ...choice });
    if (typeof release === "string") return none(release);
    await makeFolder(folder);
    const path = await registry.download({ name, release, folder, maxBytes, signal });
    if (path === null) return none("too large", release);
    let sources: Awaited<ReturnType<typeof packageSources>>;
    try {
      sources = await packageSources(path, { rule, maxBytes });
    } catch (error) {
      if (error instanceof RangeError) return none("too large", release);
      if (error instanceof SyntaxError) return none("broken", release);
      throw error;
    }
    const { files, skipped, licence } = sources;
    const about = { repo: name, licence, created: release.created, language: rule.language };
    return {
      documents: documentsOf(files, { name: `${name}-${release.version}`, ...about }, skipped),
      outcome: () => ({
        ...{ repo: name, version: release.version, created: release.created, licence, reason: null },
        skipped: Object.fromEntries(skipped),
      }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  };
}
