import { assertEquals } from "@std/assert";
import { fromCodePoints, toCodePoints } from "../../lib/tokenizers/code_points.ts";

const TEXTS = [
  "",
  "plain",
  "é日本",
  "😀",
  "a😀b😀😀c",
  "\ud83d",
  "\ude00\ud83d",
  "x\ud83dy\ude00",
  "e\u0301\r\n",
  "\0",
];

Deno.test("toCodePoints() counts as a walk by code points does", () => {
  for (const text of TEXTS) {
    const points = toCodePoints(text);
    assertEquals(points.length, text.length + 1);
    let unit = 0;
    [...text].forEach((character, c) => {
      for (let k = 0; k < character.length; k++) assertEquals(points[unit++], c, JSON.stringify(text));
    });
    assertEquals(points[text.length], [...text].length);
  }
});

Deno.test("fromCodePoints() is the way back", () => {
  for (const text of TEXTS) {
    const points = toCodePoints(text);
    const units = fromCodePoints(text);
    assertEquals(units.length, [...text].length + 1);
    units.forEach((unit, c) => assertEquals(points[unit], c, JSON.stringify(text)));
    [...text].forEach((character, c) => assertEquals(text.slice(units[c], units[c + 1]), character));
  }
});
