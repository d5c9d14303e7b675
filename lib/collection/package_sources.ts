/**
 * The source files of a package's release, out of its archive.
 *
 * @module
 */
import { type ArchivedFile, readArchive } from "./archives.ts";
import type { SourceFile } from "./clone_repository.ts";
import { endsAs, type SkipReason, type SourceRule, sourceText } from "./source_text.ts";

/** What is in an archive. */
export interface PackageSources {
  files: SourceFile[];
  skipped: Map<SkipReason, number>;
  /** As its own metadata has it. */
  licence: string | null;
}

/** Where packages say what they are. */
const METADATA = /^[^/]+\.dist-info\/METADATA$|^[^/]+\/(PKG-INFO|package\.json|Cargo\.toml)$/;
const LICENCES = [
  /^License-Expression: (.+)$/m,
  /^License: (.+)$/m,
  /^ {2}"license": "([^"]+)",?$/m,
  /^license = "([^"]+)"$/m,
] as const;
const LONGEST_LICENCE = 100;
/** What an archive may unpack to, to its packed size's limit. */
const UNPACKED = 8;

/**
 * Reads an archive's source files, in the order of their paths.
 *
 * @param path of the archive
 * @param maxBytes of archives, packed
 * @throws {SyntaxError} If it is damaged; {RangeError} if it unpacks to too much
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { packageSources } from "./package_sources.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a-1.crate`;
 * await Deno.writeTextFile(path, "no archive");
 * const rule = { language: "Rust", ends: [".rs"], maxBytes: 2 ** 20, minTokens: 100 };
 * await assertRejects(() => packageSources(path, { rule, maxBytes: 2 ** 20 }), SyntaxError, "it is damaged");
 * ```
 */
export async function packageSources(
  path: string,
  { rule, maxBytes }: { rule: SourceRule; maxBytes: number },
): Promise<PackageSources> {
  const all = await readArchive(path, {
    isWanted: (path) => endsAs(path, rule.ends) || METADATA.test(path),
    maxFileBytes: rule.maxBytes,
    maxBytes: UNPACKED * maxBytes,
  });
  const skipped = new Map<SkipReason, number>();
  const files: SourceFile[] = [];
  for (const { path, bytes } of all) {
    if (!endsAs(path, rule.ends)) continue;
    const { text, reason } = bytes === null
      ? { reason: "too large" as const }
      : await sourceText(bytes, rule);
    if (reason === undefined) files.push({ path, text });
    else skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  }
  return { files, skipped, licence: licenceOf(all) };
}

function licenceOf(files: readonly ArchivedFile[]): string | null {
  const text = new TextDecoder().decode(files.find(({ path }) => METADATA.test(path))?.bytes ?? undefined);
  const found = LICENCES.map((pattern) => pattern.exec(text)?.[1]?.trim()).find(Boolean) ?? null;
  return found !== null && found.length <= LONGEST_LICENCE && !/\p{Cc}/u.test(found) ? found : null;
}
