/**
 * A figure's title and subtitle in as many lines as a width needs, and the room for them: plotly.js draws both as one line
 * each, which ends where the picture does.
 *
 * @module
 */
import { textWidth } from "./text_width.ts";

/** The size of their letters in pixels. */
export const TITLE_FONTS = { title: { size: 17 }, subtitle: { size: 13 } } as const;
/** Where titles begin: so far from the left edge, and from the upper one. */
export const TITLE_PLACE = { l: 16, t: 21 } as const;
/** Free at the right of them. */
const RIGHT = 12;
/** Of a font's size: from one line to the next, as plotly.js draws them. */
const LINE_HEIGHT = 1.3;

/** What of a layout changes. */
interface TitledLayout {
  readonly title: {
    readonly text: string;
    readonly subtitle?: { readonly text: string };
    readonly [option: string]: unknown;
  };
  readonly [option: string]: unknown;
}

/** For what a title is wrapped. */
export interface WrapTitleOptions {
  /** The picture's width in pixels. */
  readonly width: number;
  /** Pixels that stay free on top, for a bar of buttons. Default 0. */
  readonly above?: number;
}

/**
 * Breaks title and subtitle at spaces, a word that is too long where it must be, and makes the figure higher by their
 * lines, so that the plot keeps its height. One that was wrapped before is wrapped anew; the one given stays as it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { makeFigure } from "./figure.ts";
 * import { wrapTitle } from "./wrap_title.ts";
 *
 * const figure = makeFigure([], { title: "What is left", subtitle: "of a hundred secrets, five are above the threshold" });
 * const { layout } = wrapTitle(figure, { width: 260 });
 * assertEquals(layout.title.subtitle?.text, "of a hundred secrets, five are<br>above the threshold");
 * assertEquals(layout.height, Number(figure.layout.height) + 17);
 * ```
 */
export function wrapTitle<F extends { readonly layout: TitledLayout }>(
  figure: F,
  { width, above = 0 }: WrapTitleOptions,
): F {
  const { layout } = figure;
  const { title } = layout;
  const room = width - TITLE_PLACE.l - RIGHT;
  const text = wrapMarkup(title.text, { room, ...TITLE_FONTS.title, isBold: true });
  const wrapped = {
    ...title,
    text,
    ...title.subtitle && {
      subtitle: {
        ...title.subtitle,
        text: wrapMarkup(title.subtitle.text, { room, ...TITLE_FONTS.subtitle }),
      },
    },
    pad: { ...TITLE_PLACE, t: TITLE_PLACE.t + above + raiseOf(text) },
  };
  const more = roomOf(wrapped) - roomOf(title);
  const { t, ...sides } = layout.margin as { t: number };
  return {
    ...figure,
    layout: {
      ...layout,
      title: wrapped,
      height: Number(layout.height) + more,
      margin: { ...sides, t: t + more },
    },
  };
}

/** Pixels that a title takes beyond those of a line each. */
function roomOf({ text, subtitle, pad }: TitledLayout["title"]): number {
  const lines = breaksOf(text) * TITLE_FONTS.title.size +
    breaksOf(subtitle?.text ?? "") * TITLE_FONTS.subtitle.size;
  const top = (pad as { t?: number } | undefined)?.t ?? TITLE_PLACE.t;
  return Math.round(lines * LINE_HEIGHT) + top - TITLE_PLACE.t - raiseOf(text);
}

/** Plotly.js begins a title of several lines higher by this than one of a line. */
function raiseOf(text: string): number {
  return breaksOf(text) > 0 ? Math.round(0.7 * TITLE_FONTS.title.size) : 0;
}

function breaksOf(text: string): number {
  return text.split(BREAK).length - 1;
}

const BREAK = "<br>";
/** Before a break within a word: no width, and nothing to read. */
const WITHIN = "\u200b";

interface Lines {
  room: number;
  size: number;
  isBold?: boolean;
}

/** Text of Plotly with breaks where its lines end; `<b>` may stand around the whole of it. */
function wrapMarkup(text: string, { room, ...font }: Lines): string {
  const [, open, whole, close] = /^(<b>)?(.*?)(<[/]b>)?$/s.exec(text)!;
  const joined = whole!.replaceAll(WITHIN + BREAK, "").replaceAll(BREAK, " ");
  const fits = (line: string) => textWidth(readEntities(line), font) <= room;
  const lines: string[] = [];
  for (const word of joined.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && fits(longer)) lines[lines.length - 1] = longer;
    else lines.push(...breakWord(word, fits));
  }
  return `${open ?? ""}${lines.join(BREAK)}${close ?? ""}`;
}

/** A word in pieces that fit, each but the last with a mark at its end. */
function breakWord(word: string, fits: (line: string) => boolean): string[] {
  const pieces = [""];
  for (const [character] of word.matchAll(/&(?:lt|gt|amp);|./gsu)) {
    const longer = pieces.at(-1)! + character;
    if (pieces.at(-1) === "" || fits(longer)) pieces[pieces.length - 1] = longer;
    else {
      pieces[pieces.length - 1] += WITHIN;
      pieces.push(character);
    }
  }
  return pieces;
}

function readEntities(text: string): string {
  return text.replaceAll(WITHIN, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
