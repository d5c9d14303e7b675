import { assert, assertEquals } from "@std/assert";
import { type Figure, figureBundle, makeFigure } from "../../lib/figures/figure.ts";
import { textWidth } from "../../lib/figures/text_width.ts";
import { TITLE_FONTS, TITLE_PLACE, wrapTitle } from "../../lib/figures/wrap_title.ts";
import { findBrowser } from "../find_program.ts";
import { drawTexts, measureTexts } from "./draw_texts.ts";
import { committedFigures } from "./committed_figures.ts";

const LONG =
  "a title of so many words that no notebook in a narrow window has room for all of them on one line";
const bar = { type: "bar", x: ["a"], y: [1] } as const;
const long = makeFigure([bar], { title: LONG, subtitle: `${LONG}, ${LONG}` });
const linesOf = (markup: string | undefined) => (markup ?? "").replace(/<[/]?b>/g, "").split("<br>");
const plain = (line: string) => line.replaceAll("&lt;", "<").replaceAll("\u200b", "");

/** The widest line of title and subtitle, from the picture's left edge. */
function widestLine({ layout: { title } }: Figure): number {
  const widths = [
    ...linesOf(title.text).map((line) => textWidth(plain(line), { ...TITLE_FONTS.title, isBold: true })),
    ...linesOf(title.subtitle?.text).map((line) => textWidth(plain(line), TITLE_FONTS.subtitle)),
  ];
  return TITLE_PLACE.l + Math.max(...widths);
}

Deno.test("wrapTitle() keeps within the width whatever the title is, and loses none of its letters", () => {
  const texts = [LONG, "x".repeat(120), `short ${"&lt;".repeat(60)} end`, "a", "", `${"-".repeat(60)} b`];
  for (const text of texts) {
    const figure = makeFigure([bar], { title: text, subtitle: text });
    for (const width of [200, 390, 430, 1440]) {
      const wrapped = wrapTitle(figure, { width });
      assert(widestLine(wrapped) <= width, `${text} at ${width}`);
      assertEquals(wrapTitle(wrapped, { width: 1e6 }), figure);
    }
  }
});

Deno.test("wrapTitle() gives lines their room above a plot that keeps its height", () => {
  const { layout } = wrapTitle(long, { width: 430, above: 12 });
  const lines = [layout.title.text, layout.title.subtitle?.text].map((text) => linesOf(text).length);
  const more = Math.round(1.3 * ((lines[0]! - 1) * 17 + (lines[1]! - 1) * 13)) + 12;
  assertEquals(lines.every((count) => count > 1), true);
  assertEquals([layout.height, (layout.margin as { t: number }).t], [420 + more, 84 + more]);
  assertEquals(
    wrapTitle(makeFigure([bar], { title: "a" }), { width: 430 }),
    makeFigure([bar], { title: "a" }),
  );
});

Deno.test("figureBundle() wraps for a narrow notebook, and its text says the same in one line", () => {
  const bundle = figureBundle(long);
  const figure = bundle["application/vnd.plotly.v1+json"] as Figure;
  assert(linesOf(figure.layout.title.text).length > 1);
  assert(widestLine(figure) <= 430);
  assertEquals(bundle["text/plain"], `Figure: ${LONG}. ${LONG}, ${LONG}`);
});

Deno.test("figures of the committed notebooks have titles that a narrow notebook has room for", async () => {
  const figures = await committedFigures();
  assert(figures.size > 30);
  for (const [name, figure] of figures) assert(widestLine(figure) <= 430, `${name}: ${widestLine(figure)}`);
});

const browser = await findBrowser();

Deno.test({
  name: "textWidth() is what a browser measures of DejaVu Sans, and more than of a narrower font",
  ignore: browser === undefined,
  async fn() {
    const letters = String.fromCharCode(...Array.from({ length: 94 }, (_, i) => 33 + i));
    for (const isBold of [false, true]) {
      const font = { size: 100, isBold };
      const { width, isThere } = await measureTexts(browser!, [...letters, LONG], {
        ...font,
        family: "DejaVu Sans",
      });
      if (!isThere) continue; // another machine's fonts
      for (const [i, text] of [...letters, LONG].entries()) {
        const own = textWidth(text, font);
        assert(Math.abs(own - width[i]!) <= 0.1 * text.length, `${text}: ${own}, ${width[i]}`);
      }
    }
  },
});

Deno.test({
  name: "titles are whole and lie over nothing in pictures of notebooks' width, drawn by a browser",
  ignore: browser === undefined,
  async fn() {
    const figures = [...await committedFigures(), [
      "long",
      figureBundle(long)["application/vnd.plotly.v1+json"] as Figure,
    ]] as const;
    for (const width of [430, 900]) {
      const drawn = await drawTexts(browser!, figures.map(([, figure]) => figure), { width });
      const problems = figures.flatMap(([name], i) => drawn[i]!.map((problem) => `${name}: ${problem}`));
      assertEquals(problems, [], `${width} pixels`);
    }
  },
});

Deno.test({
  name: "drawTexts() sees a title that is cut, and texts over one another",
  ignore: browser === undefined,
  async fn() {
    const at = { x: 0.5, y: 0.5, xref: "paper", yref: "paper", showarrow: false, text: "one over another" };
    const covered = makeFigure([bar], { title: "T", layout: { annotations: [at, at] } });
    const [cut, over] = await drawTexts(browser!, [long, covered], { width: 430 });
    assertEquals(cut!.map((problem) => problem.slice(0, 9)), ["cut: a ti", "cut: a ti"]);
    assertEquals(over, ["over one another: one over another, one over another"]);
  },
});
