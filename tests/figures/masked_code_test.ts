import { assertEquals, assertStringIncludes } from "@std/assert";
import { maskedCode } from "../../lib/figures/masked_code.ts";

Deno.test("maskedCode() draws tokens where they stand, secret ones in a colour of their own", () => {
  const { data, layout } = maskedCode([
    { text: "k = ", isSecret: false, line: 0, column: 0 },
    { text: "<b>••", isSecret: true, line: 0, column: 4 },
    { text: "x", isSecret: false, line: 2, column: 0 },
  ]);
  const [other, secret] = data;
  assertEquals([other?.y, secret?.y], [[0, 2], [0]]);
  assertEquals((secret?.base as number[])[0]! > (other?.base as number[])[0]! + Number(other?.x[0]), true);
  assertEquals(
    (other?.marker as { color: string }).color === (secret?.marker as { color: string }).color,
    false,
  );
  assertStringIncludes(layout.title.subtitle!.text, "1 of 3 tokens");
  assertEquals((layout.yaxis as { ticktext: string[] }).ticktext, ["1", "2", "3"]);
  assertEquals(JSON.stringify(data).includes("<b>"), false);
});

Deno.test("maskedCode() goes on in the next row when a line is long, without another number", () => {
  const tokens = Array.from({ length: 20 }, (_, i) => ({
    ...{ text: "12345", isSecret: false, line: i < 19 ? 0 : 1 },
    column: i < 19 ? 5 * i : 0,
  }));
  const { data, layout } = maskedCode(tokens);
  assertEquals(data[0]?.y, [...Array(10).fill(0), ...Array(9).fill(1), 2]);
  assertEquals((data[0]?.base as number[]).filter((at) => at < 1).length, 3);
  const { ticktext } = layout.yaxis as { ticktext: string[] };
  assertEquals(ticktext, ["1", "", "2"]);
  assertEquals((layout.xaxis as { range: number[] }).range[1]! <= 50.5, true);
});

Deno.test("maskedCode() says that there is nothing to show without tokens", () => {
  assertStringIncludes(JSON.stringify(maskedCode([]).layout.annotations), "no rows to show");
});
