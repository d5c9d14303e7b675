/** A page in a browser's window of some width, and what is wrong with how it lies there. */
import { askPage } from "../ask_page.ts";

const LOOK = `
const frame = document.createElement("iframe");
frame.style = "border: 0; height: 800px; width: " + input.width + "px";
frame.onload = async () => {
  const page = frame.contentDocument;
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const found = [];
  if (page.documentElement.scrollWidth > input.width) found.push("wider than the window");
  const range = page.createRange();
  for (const cell of page.querySelectorAll("thead th")) {
    const walker = page.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      for (const { index, 0: word } of walker.currentNode.data.matchAll(/[A-Za-z]+/g)) {
        range.setStart(walker.currentNode, index);
        range.setEnd(walker.currentNode, index + word.length);
        const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        if (tops.size > 1) found.push("broken: " + cell.textContent);
      }
    }
  }
  const canvas = document.createElement("canvas").getContext("2d");
  for (const field of page.querySelectorAll("input[placeholder]")) {
    const style = frame.contentWindow.getComputedStyle(field);
    canvas.font = style.font;
    const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (canvas.measureText(field.placeholder).width > room) found.push("cut: " + field.placeholder);
  }
  for (const plot of page.querySelectorAll(".plot")) {
    const place = plot.getBoundingClientRect();
    for (const text of plot.querySelectorAll("svg text")) {
      if (text.textContent.trim() === "" || !text.checkVisibility({ opacityProperty: true })) continue;
      const { left, right, top, bottom } = text.getBoundingClientRect();
      const isInside = left > place.left - 1 && right < place.right + 1 && top > place.top - 1 && bottom < place.bottom + 1;
      if (!isInside) found.push("cut: " + plot.id + ": " + text.textContent.slice(0, 40));
    }
    if (!plot.querySelector("svg")) found.push("not drawn: " + plot.id);
  }
  for (const link of page.querySelectorAll("a[href^='#']")) {
    if (!page.getElementById(link.hash.slice(1))) found.push("leads nowhere: " + link.hash);
  }
  answer(found);
};
frame.srcdoc = input.html;
document.body.append(frame);`;

/** What reaches out of its place, is broken within a word or leads nowhere. */
export async function pageProblems(
  browser: string,
  html: string,
  { width }: { width: number },
): Promise<string[]> {
  return await askPage(browser, LOOK, { html, width });
}
