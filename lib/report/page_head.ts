/**
 * The head of a page that needs nothing else: its look is inside, and its content security policy lets nothing be loaded.
 *
 * @module
 */
import { type Markup, markup, rawMarkup } from "./markup.ts";
import pageStyle from "./page.css" with { type: "text" };
import printStyle from "./print.css" with { type: "text" };

/** What a page is. */
export interface PageHead {
  title: string;
  /** The program and its version. */
  version: string;
  /** What it may do beside showing its own styles. */
  policy?: string;
  /** More style, a constant of this project. */
  style?: string;
}

/**
 * The start of a page, up to its head's end.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { pageHead } from "./page_head.ts";
 *
 * assertStringIncludes(pageHead({ title: "a < b", version: "1" }).text, "<title>a &lt; b</title>");
 * ```
 */
export function pageHead({ title, version, policy = "", style = "" }: PageHead): Markup {
  const allowed = [
    "default-src 'none'",
    policy,
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return markup`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${allowed.filter(Boolean).join("; ")}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="generator" content="${version}">
    <title>${title}</title>
    <style>${rawMarkup(pageStyle + printStyle + style)}</style>
  </head>`;
}
