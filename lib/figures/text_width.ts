/**
 * How wide a text is drawn, without a browser. The widths are those of DejaVu Sans 2.37, which is wider than the fonts
 * that stand before it in the template's list: what fits by them fits by any of these.
 *
 * @module
 */

/** Advance widths of the characters from space to "~" in thousandths of the size, from the font's `hmtx` table. */
const WIDTHS = {
  regular: [
    ...[318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337],
    ...[636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531],
    ...[1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787],
    ...[603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500],
    ...[500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612],
    ...[635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838],
  ],
  bold: [
    ...[348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365],
    ...[696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580],
    ...[1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995, 837, 850],
    ...[733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500],
    ...[500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687],
    ...[716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838],
  ],
} as const;

/** Of any other character: the dash and the dots of a cut text are as wide, letters with accents narrower. */
const OTHER_WIDTH = 1000;

/** How a text is drawn. */
export interface TextWidthOptions {
  /** Pixels of its font. */
  readonly size: number;
  /** Whether it is bold. Default false. */
  readonly isBold?: boolean;
}

/**
 * The width of a plain text on one line, in pixels.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { textWidth } from "./text_width.ts";
 *
 * assertAlmostEquals(textWidth("MA", { size: 10 }), 15.47);
 * ```
 */
export function textWidth(text: string, { size, isBold = false }: TextWidthOptions): number {
  const widths = WIDTHS[isBold ? "bold" : "regular"];
  let sum = 0;
  for (const character of text) sum += widths[character.codePointAt(0)! - 32] ?? OTHER_WIDTH;
  return sum * size / 1000;
}
