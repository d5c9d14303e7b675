/**
 * Markup that cannot be broken by its data: a template tag that escapes whatever is not itself `Markup`, and JSON that is
 * safe inside a script element. All pages of this folder are built with these two, so that escaping is the rule and
 * `rawMarkup` the visible exception.
 * The tag is not called `html`: formatters would lay out its text anew, white space and all.
 *
 * @module
 */

/**
 * Markup that is known to be safe. Made by {@linkcode markup} and {@linkcode rawMarkup} only.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Markup, markup } from "./markup.ts";
 *
 * const safe = markup`<b>${"<"}</b>`;
 * assertEquals([safe instanceof Markup, `${safe}`, markup`${safe}`.text], [true, "<b>&lt;</b>", "<b>&lt;</b>"]);
 * ```
 */
export class Markup {
  /** The markup. */
  readonly text: string;

  /** Takes markup as it is: use {@linkcode markup} for anything that holds data. */
  constructor(text: string) {
    this.text = text;
  }

  /** The markup. */
  toString(): string {
    return this.text;
  }
}

/** What a template's hole takes: text and numbers are escaped, lists joined, null leaves nothing. */
export type MarkupValue = Markup | string | number | null | undefined | readonly MarkupValue[];

/**
 * Template tag for markup: escapes every value that is not `Markup`, in text and in quoted attributes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { markup } from "./markup.ts";
 *
 * const name = `"><img src=x>`;
 * assertEquals(markup`<b title="${name}">${[1, markup`<i>2</i>`]}</b>`.text, `<b title="&quot;&gt;&lt;img src=x&gt;">1<i>2</i></b>`);
 * ```
 */
export function markup(parts: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  return new Markup(parts.map((part, index) => part + escapeValue(values[index])).join(""));
}

/**
 * Marks text as markup: for constants of this project, never for data.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { markup, rawMarkup } from "./markup.ts";
 *
 * assertEquals(markup`${rawMarkup("<hr>")}`.text, "<hr>");
 * ```
 */
export function rawMarkup(text: string): Markup {
  return new Markup(text);
}

function escapeValue(value: MarkupValue): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  return value.map(escapeValue).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Control characters that HTML forbids, and those that turn the direction of the text around them. */
const UNPRINTABLE = /(?![\t\n\r])\p{Cc}|[\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;

/**
 * Escapes text for HTML and its quoted attributes. Control characters and lone surrogates become U+FFFD.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { escapeHtml } from "./markup.ts";
 *
 * assertEquals(escapeHtml("a < b & 'c'\u0000"), "a &lt; b &amp; &#39;c&#39;\ufffd");
 * ```
 */
export function escapeHtml(text: string): string {
  return text.toWellFormed().replace(UNPRINTABLE, "\ufffd").replace(
    /[&<>"']/g,
    (found) => ENTITIES[found] ?? found,
  );
}

/**
 * Writes a value as JSON that may stand in a script element: no `<`, so neither `</script>` nor `<!--` can end it,
 * and no line separators that older parsers take for line ends. `JSON.parse` gives the value back.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scriptJson } from "./markup.ts";
 *
 * assertEquals(scriptJson("</script>").text, '"\\u003c/script\\u003e"');
 * ```
 */
export function scriptJson(value: unknown): Markup {
  const json = JSON.stringify(value) ?? "null";
  return new Markup(
    json.replace(/[<>&\u2028\u2029]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}
