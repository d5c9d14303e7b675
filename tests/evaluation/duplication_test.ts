import { assertAlmostEquals, assertEquals } from "@std/assert";
import { maByCopies } from "../../lib/evaluation/duplication.ts";

function place(doc_id: string, start: number) {
  return { doc_id, start, end: start + 20 };
}

Deno.test("maByCopies() averages places of a secret first, then the secrets of a number of copies", () => {
  const truth = [
    { ...place("a", 0), secret_id: "s", copies: 2 },
    { ...place("b", 5), secret_id: "s", copies: 2 },
    { ...place("a", 40), secret_id: "t", copies: 2 },
  ];
  const probed = [
    { ...place("a", 0), ma: 1 },
    { ...place("b", 5), ma: 0 },
    { ...place("a", 40), ma: 1 },
  ];
  const [row, ...others] = maByCopies(probed, truth);
  assertEquals(others, []);
  assertEquals([row!.copies, row!.ma, row!.secrets], [2, 0.75, 2]); // places alone would give 2/3
  assertAlmostEquals(row!.se!, 0.25); // sample deviation 0.3536 of two secrets / sqrt(2)
});

Deno.test("maByCopies() sorts by the number of copies as numbers, twins first", () => {
  const copies = [64, 8, 0, 1];
  const truth = copies.map((copies) => ({ ...place(`${copies}`, 0), secret_id: `s${copies}`, copies }));
  const probed = copies.map((copies) => ({ ...place(`${copies}`, 0), ma: copies / 64 }));
  assertEquals(maByCopies(probed, truth), [
    { copies: 0, ma: 0, se: null, secrets: 1 },
    { copies: 1, ma: 1 / 64, se: null, secrets: 1 },
    { copies: 8, ma: 0.125, se: null, secrets: 1 },
    { copies: 64, ma: 1, se: null, secrets: 1 },
  ]);
});

Deno.test("maByCopies() leaves out what was not planted, not probed or has no score", () => {
  const truth = [
    { ...place("a", 0), secret_id: "s", copies: 4 },
    { ...place("b", 0), secret_id: "t", copies: 4 },
    { ...place("c", 0), secret_id: "u", copies: 16 },
  ];
  const probed = [
    { ...place("a", 0), ma: 0.5 },
    { ...place("a", 1), ma: 1 }, // another place of the document
    { ...place("b", 0), ma: null },
  ];
  assertEquals(maByCopies(probed, truth), [{ copies: 4, ma: 0.5, se: null, secrets: 1 }]);
  assertEquals(maByCopies([], truth), []);
  assertEquals(maByCopies(probed, []), []);
});
