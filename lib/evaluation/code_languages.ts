/**
 * Which language a document is written in, by the end of its path, for the languages that there is a grammar of.
 *
 * @module
 */

/** The languages: their grammar, and how their files end. C is read as C++, which reads it. */
export const CODE_LANGUAGES = {
  python: { grammar: "python", ends: ["py", "pyi", "pyw"] },
  java: { grammar: "java", ends: ["java"] },
  javascript: { grammar: "javascript", ends: ["js", "jsx", "mjs", "cjs"] },
  typescript: { grammar: "typescript", ends: ["ts", "mts", "cts"] },
  tsx: { grammar: "tsx", ends: ["tsx"] },
  c: { grammar: "cpp", ends: ["c", "h"] },
  cpp: { grammar: "cpp", ends: ["cc", "cpp", "cxx", "c++", "hh", "hpp", "hxx"] },
  csharp: { grammar: "c-sharp", ends: ["cs"] },
  go: { grammar: "go", ends: ["go"] },
  rust: { grammar: "rust", ends: ["rs"] },
  ruby: { grammar: "ruby", ends: ["rb"] },
  php: { grammar: "php", ends: ["php"] },
  bash: { grammar: "bash", ends: ["sh", "bash"] },
} as const satisfies Record<string, { grammar: string; ends: readonly string[] }>;

/** A name of {@linkcode CODE_LANGUAGES}. */
export type CodeLanguage = keyof typeof CODE_LANGUAGES;

/** Every name of {@linkcode CODE_LANGUAGES}. */
export const CODE_LANGUAGE_NAMES = Object.keys(CODE_LANGUAGES) as readonly CodeLanguage[];

const BY_END = new Map<string, CodeLanguage>(
  CODE_LANGUAGE_NAMES.flatMap((name) => CODE_LANGUAGES[name].ends.map((end) => [end, name] as const)),
);

/**
 * The language of a document; null where no grammar is known by the end of its path, or of its id where it has no path.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { languageOf } from "./code_languages.ts";
 *
 * assertEquals(languageOf({ docId: "arrow-1.4.0/arrow/api.py#1", path: null }), "python"); // a part of a file
 * assertEquals(languageOf({ docId: "7", path: "src/Main.JAVA" }), "java");
 * assertEquals(languageOf({ docId: "7", path: "init.lua" }), null);
 * ```
 */
export function languageOf({ docId, path }: { docId: string; path: string | null }): CodeLanguage | null {
  const end = /\.([^./\\]+?)(?:#\d+)?$/.exec(path ?? docId)?.[1];
  return end === undefined ? null : BY_END.get(end.toLowerCase()) ?? null;
}
