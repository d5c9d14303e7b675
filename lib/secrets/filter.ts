/**
 * CodeEraser's value filter: what is found but no secret, such as local addresses, examples and placeholders.
 *
 * @module
 */
import type { Profile } from "./detect.ts";
import type { SecretSpan, SecretTag } from "./secret_span.ts";

/** How the filter reads its rules. */
export interface FilterOptions {
  /**
   * `"reference"` drops every address that begins with 172. and two characters that read as 16 to 31, so 172.160.0.1
   * too; `"sound"` (the default) and `"paper"` drop 172.16.0.0/12.
   */
  compat?: "sound" | "paper" | "reference";
  /** The profile whose finds they are. The extended one has rules of its own for all but local addresses. */
  profile?: Profile;
}

const LOCAL = /^(?:127|10|192\.168|169\.254)\./;
const PRIVATE_172 = /^172\.(?:1[6-9]|2\d|3[01])\./;
const PRIVATE_172_REFERENCE = /^172\.(?:1[6-9]|2\d|3[01])/;
const EMAIL_WORDS = /example|test|user|aaa|bbb|ccc/;
const KEY_WORDS = /^ghp$|aaaaaaa|AAAAAAA|xxxxxxx|XXXXXXX|https|dummy|placeholder|changeme/;

/**
 * The spans whose values are kept: no local IP address, no e-mail address of an example, no placeholder of a key.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { detectSecrets } from "./detect.ts";
 * import { filterSecrets } from "./filter.ts";
 *
 * const text = "ada@mail.invalid, bob@example.org at 192.168.0.17 and 203.0.113.7";
 * const kept = filterSecrets(text, detectSecrets(text)).map((span) => text.slice(span.start, span.end));
 * assertEquals(kept, ["ada@mail.invalid", "203.0.113.7"]);
 * ```
 */
export function filterSecrets(text: string, spans: SecretSpan[], options: FilterOptions = {}): SecretSpan[] {
  const private172 = options.compat === "reference" ? PRIVATE_172_REFERENCE : PRIVATE_172;
  const isDropped: Partial<Record<SecretTag, (value: string) => boolean>> = {
    IP_ADDRESS: (value) => LOCAL.test(value) || private172.test(value),
    ...(options.profile !== "extended" && {
      EMAIL: (value: string) => EMAIL_WORDS.test(value),
      KEY: (value: string) => KEY_WORDS.test(value),
    }),
  };
  return spans.filter((span) => !isDropped[span.tag]?.(text.slice(span.start, span.end)));
}
