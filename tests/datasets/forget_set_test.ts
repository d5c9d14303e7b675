import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  chooseForgetSets,
  type ProbedSecret,
  qualifyingIds,
  qualifyingRows,
} from "../../lib/datasets/forget_set.ts";

function secret(doc_id: string, fields: Partial<ProbedSecret> = {}): ProbedSecret {
  return {
    doc_id,
    window: 0,
    tag: "KEY",
    start: 3,
    end: 9,
    secret_tokens: 6,
    mask_tokens: 40,
    ma: 1,
    ...fields,
  };
}

const textOf = (id: string) => `text of ${id}`;
const ids = (rows: readonly { doc_id: string }[]) => rows.map(({ doc_id }) => doc_id);

Deno.test("qualifyingRows() keeps windows of mean MA >= 0.9 and 32 secret tokens", () => {
  const probe = [
    secret("at the bound", { ma: 0.9, mask_tokens: 32 }),
    secret("below", { ma: 0.8999 }),
    secret("few tokens", { mask_tokens: 31 }),
    secret("undefined", { ma: null }),
    secret("two", { ma: 1 }),
    secret("two", { ma: 0.5, start: 20, end: 30 }),
    secret("one undefined", { ma: null }),
    secret("one undefined", { ma: 0.95, start: 20, end: 30 }),
  ];
  assertEquals(ids(qualifyingRows(probe, textOf, {})), ["at the bound", "one undefined"]);
  assertEquals(ids(qualifyingRows(probe, textOf, { minMa: 0.7, minMaskTokens: 31 })), [
    "at the bound",
    "below",
    "few tokens",
    "two",
    "one undefined",
  ]);
});

Deno.test("qualifyingRows() gives each row its spans, mean and counts, and no text", () => {
  const probe = [
    secret("a", { ma: 1 }),
    secret("b"),
    secret("a", { tag: "EMAIL", start: 20, end: 31, ma: 0.9 }),
  ];
  assertEquals(qualifyingRows(probe, textOf, {})[0], {
    doc_id: "a",
    window: 0,
    spans: '[["KEY",3,9],["EMAIL",20,31]]',
    ma: 0.95,
    mask_tokens: 40,
  });
});

Deno.test("qualifyingRows() treats windows of a document apart, and names what reaches into them", () => {
  const probe = [
    secret("a"),
    secret("a", { window: 400, start: 2000, end: 2010, mask_tokens: 33 }),
    secret("a", { window: 911, start: 4000, end: 4010, ma: 0.1 }),
    secret("b"),
  ];
  const rows = qualifyingRows(probe, textOf, {});
  assertEquals(rows.map(({ doc_id, window }) => [doc_id, window]), [["a", 0], ["a", 400], ["b", 0]]);
  assertEquals(rows.map(({ spans }) => spans), [
    '[["KEY",3,9],[null,2000,2010]]', // 911 is no neighbour of window 0
    '[["KEY",2000,2010],[null,3,9],[null,4000,4010]]',
    '[["KEY",3,9]]',
  ]);
});

Deno.test("qualifyingRows() takes identical texts once", () => {
  const probe = [
    secret("a"),
    secret("copy of a"),
    secret("c"),
    secret("a", { window: 600 }),
    secret("copy of a", { window: 600 }),
  ];
  const same = (id: string) => id.replace("copy of ", "");
  const rows = qualifyingRows(probe, same, {});
  assertEquals(rows.map(({ doc_id, window }) => [doc_id, window]), [["a", 0], ["c", 0], ["a", 600]]);
});

Deno.test("qualifyingRows() refuses a document that the corpus lacks, if it qualifies", () => {
  const lacks = (id: string) => id === "b" ? undefined : id;
  assertThrows(
    () => qualifyingRows([secret("a"), secret("b")], lacks, {}),
    RangeError,
    'Cannot choose forget sets as the corpus has no document "b"',
  );
  assertEquals(ids(qualifyingRows([secret("a"), secret("b", { ma: 0 })], lacks, {})), ["a"]);
  const none = () =>
    qualifyingRows(
      [secret("b"), secret("b", { window: 600 }), secret("c"), secret("d")],
      () => undefined,
      {},
    );
  assertThrows(none, RangeError, 'has no document "b", nor 2 others');
});

Deno.test("qualifyingIds() names the documents of qualifyingRows(), and those whose texts are others'", () => {
  const probe = [
    secret("a"),
    secret("copy of a"),
    secret("b", { ma: 0.5 }),
    secret("c", { mask_tokens: 3 }),
    secret("a"),
  ];
  assertEquals(qualifyingIds(probe, {}), new Set(["a", "copy of a"]));
  assertEquals(qualifyingIds(probe, { minMa: 0.5, minMaskTokens: 3 }), new Set(["a", "copy of a", "b", "c"]));
});

Deno.test("chooseForgetSets() shuffles as Python does and cuts disjoint groups", () => {
  // random.Random(42).shuffle(list(range(20))), Python 3.11
  const shuffled = [19, 5, 14, 4, 9, 13, 15, 18, 6, 12, 17, 10, 1, 11, 2, 16, 7, 8, 0, 3];
  const probe = Array.from({ length: 20 }, (_, i) => secret(String(i)));
  const [k, seed] = [6, 42];
  const sets = chooseForgetSets(probe, textOf, { k, groups: 3, seed });
  assertEquals(sets.map(ids), [0, 1, 2].map((g) => shuffled.slice(g * k, (g + 1) * k).map(String)));
  assertEquals(new Set(sets.flatMap(ids)).size, 3 * k);
  const [fewer] = chooseForgetSets(probe, textOf, { k, groups: 1, seed });
  assertEquals(ids(fewer!), ids(sets[0]!)); // a smaller --groups changes no group
});

Deno.test("chooseForgetSets() says how many rows there are and how many it needs", () => {
  const probe = Array.from({ length: 70 }, (_, i) => secret(String(i)));
  assertThrows(
    () => chooseForgetSets(probe, textOf, { k: 32, groups: 5, seed: 42 }),
    RangeError,
    "Cannot choose 5 forget sets of 32: 70 rows qualify, 160 are needed: give a smaller --groups (2 at most) or --k",
  );
  const { message } = assertThrows(
    () => chooseForgetSets(probe, textOf, { k: 71, groups: 1, seed: 42 }),
    RangeError,
  );
  assert(message.endsWith("70 rows qualify, 71 are needed: give a smaller --k"), message);
  const exact = chooseForgetSets(probe, textOf, { k: 35, groups: 2, seed: 42 });
  assertEquals(exact.map((set) => set.length), [35, 35]);
});

Deno.test("chooseForgetSets() takes as many rows as there are where no number is asked for, and says where there are none", () => {
  const probe = Array.from({ length: 7 }, (_, i) => secret(`d${i}`));
  const sizes = (options: { k?: number; groups: number }) =>
    chooseForgetSets(probe, textOf, { ...options, seed: 1 }).map((set) => set.length);
  assertEquals(sizes({ groups: 1 }), [7]);
  assertEquals(sizes({ groups: 3 }), [2, 2, 2]);
  const many = Array.from({ length: 40 }, (_, i) => secret(`d${i}`));
  assertEquals(chooseForgetSets(many, textOf, { groups: 1, seed: 1 })[0]!.length, 32);
  assertThrows(() => sizes({ groups: 8 }), RangeError, "7 rows qualify: give a smaller --groups, --min-ma");
  assertThrows(
    () => chooseForgetSets([], textOf, { groups: 1, seed: 1 }),
    RangeError,
    "Cannot choose 1 forget sets: 0 rows qualify: give a smaller --min-ma or --min-mask-tokens",
  );
});
