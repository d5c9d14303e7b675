/**
 * Which Deno this is made for. `.npmrc` has `npx -y deno` start the one that all was tried with; who brings another
 * learns of it in a line.
 *
 * @module
 */

/** The version that everything was tried with. */
export const TRIED_DENO = "2.9.6";

/**
 * What to say about a version of Deno: null where it is as new as the one that everything was tried with, and of the
 * same major version.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { warnOfDeno } from "./deno_version.ts";
 *
 * assertEquals(warnOfDeno("2.10.0"), null);
 * assertEquals(
 *   warnOfDeno("2.5.1"),
 *   "Deno 2.5.1 is older than what this was tried with, 2.9.6: npx -y deno in the project's folder starts that one",
 * );
 * ```
 */
export function warnOfDeno(version = Deno.version.deno): string | null {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [triedMajor = 0, triedMinor = 0] = TRIED_DENO.split(".").map(Number);
  if (major === triedMajor && minor >= triedMinor) return null;
  const isOlder = major <= triedMajor;
  return `Deno ${version} is ${isOlder ? "older" : "newer"} than what this was tried with, ${TRIED_DENO}: ` +
    "npx -y deno in the project's folder starts that one";
}
