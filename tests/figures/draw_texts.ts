/** Figures drawn by a browser as JupyterLab draws them, and what is wrong with their texts. */
import type { Figure } from "../../lib/figures/figure.ts";
import { askPage } from "../ask_page.ts";

const MEASURE = `
const canvas = document.createElement("canvas").getContext("2d");
const widthIn = (family, text) => {
  canvas.font = input.weight + input.size + "px " + family;
  return canvas.measureText(text).width;
};
const own = '"' + input.family + '"';
const isThere = ["monospace", "serif"].every((other) =>
  Math.abs(widthIn(own + ", " + other, "MilWj") - widthIn(own + ", sans-serif", "MilWj")) < 0.01);
answer({ isThere, width: input.texts.map((text) => widthIn(own, text)) });`;

/** Widths of texts in a font, and whether the browser has it. */
export async function measureTexts(
  browser: string,
  texts: readonly string[],
  { family, size, isBold }: { family: string; size: number; isBold: boolean },
): Promise<{ isThere: boolean; width: number[] }> {
  return await askPage(browser, MEASURE, { texts, family, size, weight: isBold ? "bold " : "" });
}

/** Upright texts only: those that stand aslant have boxes that touch where they do not. */
const DRAW = `
async function problemsOf({ data, layout }) {
  const node = document.body.appendChild(document.createElement("div"));
  node.style.width = input.width + "px";
  await Plotly.react(node, data, layout, {});
  const place = node.getBoundingClientRect();
  const isSeen = (text) => text.textContent.trim() !== "" && text.checkVisibility({ opacityProperty: true });
  const isAslant = (text) => Number(/rotate[(](-?[0-9.]+)/.exec(text.getAttribute("transform"))?.[1] ?? 0) % 90 !== 0;
  const texts = [...node.querySelectorAll("svg text")].filter((text) => isSeen(text) && !isAslant(text)).map((text) => ({
    name: text.textContent.trim().slice(0, 40),
    box: text.getBoundingClientRect(),
    isTitle: /gtitle/.test(text.getAttribute("class")),
  }));
  const bar = node.querySelector(".modebar-container").firstChild.getBoundingClientRect();
  const shared = (a, b) => [
    Math.min(a.right, b.right) - Math.max(a.left, b.left),
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top),
  ];
  const found = [];
  for (const { name, box, isTitle } of texts) {
    const isInside = box.left > place.left - 1 && box.right < place.right + 1 && box.top > place.top - 1 &&
      box.bottom < place.bottom + 1;
    if (!isInside) found.push("cut: " + name);
    else if (isTitle && shared(box, bar).every((side) => side > 1)) found.push("under the bar: " + name);
  }
  for (const [i, one] of texts.entries()) {
    for (const other of texts.slice(i + 1)) {
      const [width, height] = shared(one.box, other.box);
      if (width > 2 && height > 4) found.push("over one another: " + one.name + ", " + other.name);
    }
  }
  node.remove();
  return found;
}
(async () => {
  const all = [];
  for (const figure of input.figures) all.push(await problemsOf(figure));
  answer(all);
})();`;

/** A list a figure: what is cut off, what lies over something else. */
export async function drawTexts(
  browser: string,
  figures: readonly Figure[],
  { width }: { width: number },
): Promise<string[][]> {
  return await askPage(browser, DRAW, { figures, width });
}
