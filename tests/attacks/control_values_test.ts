import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { ControlValues } from "../../lib/attacks/control_values.ts";
import { formatOf } from "../../lib/attacks/value_format.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";

const TOKENIZER = await openTokenizer("data/model");
const CONTROLS = new ControlValues(TOKENIZER);

Deno.test("ControlValues.draw() depends on seed and place, not on what was drawn before", async () => {
  const secret = { value: "ABIA" + "7QX2".repeat(4), tag: "KEY" };
  const at = (place: string, seed?: number) =>
    CONTROLS.draw(secret, { count: 5, place, ...seed !== undefined && { seed } });
  const first = await at("a/0/20");
  assertEquals(await at("a/0/20"), first);
  assertEquals(new Set([...first, ...await at("b/0/20"), ...await at("a/0/20", 1)]).size, 15);
  assertEquals((await CONTROLS.draw(secret, { count: 9, place: "a/0/20" })).slice(0, 5), first);
});

Deno.test("ControlValues.draw() gives each value of a format once, where there are few", async () => {
  const sizes: [string, string, number][] = [
    ["7", "PHONE", 9],
    ["42", "KEY", 99],
    ["042", "PHONE", 999],
    ["Ж", "KEY", 32],
    ["a@gmail.com", "EMAIL", 25],
    ["192.0.2.44", "IP_ADDRESS", 3 * 254 - 1],
    ["—", "KEY", 0],
    ["", "KEY", 0],
  ];
  for (const [value, tag, size] of sizes) {
    const secret = { value, tag };
    const drawn = await CONTROLS.draw(secret, { count: 1000, place: "a" });
    assertEquals([drawn.length, new Set(drawn).size, drawn.includes(value)], [size, size, false], value);
    assertEquals(await CONTROLS.draw(secret, { count: 5, place: "a" }), drawn.slice(0, 5));
  }
  const drawn = await CONTROLS.draw({ value: "8080", tag: "KEY" }, { count: 1000, place: "a" });
  assertEquals([drawn.length, new Set(drawn).size], [1000, 1000]);
});

Deno.test("ControlValues.draw() draws what it drew when it knew ASCII only", async () => {
  const first = async (value: string, tag: string) =>
    (await CONTROLS.draw({ value, tag }, { count: 5, place: "a/0/20" }))[0];
  assertEquals(
    [await first("Grace Hopper", "NAME"), await first("maria.santos@gmail.com", "EMAIL")],
    ["Cmmon Elsulf", "tickc.kubugc@gmail.com"],
  );
  assertEquals([await first("8080", "KEY"), await first("10.0.17.254", "IP_ADDRESS")], [
    "1662",
    "25.6.62.136",
  ]);
});

/** Values beyond ASCII, and the letters of their controls. */
const OTHERS: readonly [value: string, tag: string, pattern: RegExp][] = [
  ["Иван Петров", "NAME", /^[А-ЯЁ][а-яё]{3} [А-ЯЁ][а-яё]{5}$/],
  ["иван@почта.рф", "EMAIL", /^[а-яё]{4}@[а-яё]{5}\.рф$/],
  ["Дмитрий@gmail.com", "EMAIL", /^[А-ЯЁ][а-яё]{6}@gmail\.com$/],
  ["李雷@example.cn", "EMAIL", /^\p{Script=Han}{2}@[a-z]{7}\.cn$/u],
  ["山田太郎", "NAME", /^\p{Script=Han}{4}$/u],
  ["пароль123", "KEY", /^[а-яё]{6}[0-9]{3}$/],
  ["пароль-очень-длинный1", "KEY", /^[а-яё]{6}-[а-яё]{5}-[а-яё]{7}[0-9]$/],
  ["passwordпароль", "PASSWORD", /^[a-z]{8}[а-яё]{6}$/],
  ["Γιώργος", "NAME", /^\p{Lu}\p{Ll}{6}$/u],
  ["محمد علي", "NAME", /^\p{Script=Arabic}{4} \p{Script=Arabic}{3}$/u],
  ["김민수", "NAME", /^\p{Script=Hangul}{3}$/u],
  ["José García", "NAME", /^[A-Z][a-z]{2}[ß-ÿœšžƒ] [A-Z][a-z]{3}[ß-ÿœšžƒ][a-z]$/],
  ["Jose\u0301", "NAME", /^[A-Z][a-z]{3}\u0301$/],
  ["हिन्दी", "NAME", /^\p{Lo}ि\p{Lo}्\p{Lo}ी$/u],
  ["ab🔥cd", "PASSWORD", /^[a-z]{2}🔥[a-z]{2}$/],
  ["é", "KEY", /^[ß-ÿœšžƒ]$/],
];

Deno.test("ControlValues.draw() replaces letters of other alphabets by those of their script and case", async () => {
  for (const [value, tag, pattern] of OTHERS) {
    const drawn = await CONTROLS.draw({ value, tag }, { count: 30, place: "a" });
    assertEquals([drawn.length, new Set(drawn).size, drawn.includes(value)], [30, 30, false], value);
    for (const control of drawn) assert(pattern.test(control), `${value}: ${control}`);
    const [own, ...ids] = await TOKENIZER.encodeIds([value, ...drawn]);
    const shared = ids.map((row) => row.filter((id, t) => id === own![t]).length / own!.length);
    const mean = shared.reduce((sum, share) => sum + share, 0) / shared.length;
    assert(mean < 0.75, `${value}: a control has ${mean} of its tokens`); // a half stands for the script where it takes two
    assertEquals(await CONTROLS.draw({ value, tag }, { count: 30, place: "a" }), drawn);
  }
});

Deno.test("ControlValues.draw() gives as many tokens where letters take one or two", async () => {
  for (const value of ["Иван Петров", "山田太郎", "김민수", "Γιώργος"]) {
    const drawn = await CONTROLS.draw({ value, tag: "NAME" }, { count: 20, place: "a" });
    const lengths = (await TOKENIZER.encodeIds([value, ...drawn])).map(({ length }) => length);
    assertEquals(new Set(lengths).size, 1, `${value}: ${lengths}`);
  }
});

Deno.test("ControlValues.draw() gives none that is the secret but for a token or two", async () => {
  const values: [string, string][] = [["🔥🔥🔥🔥a", "KEY"], ["🔥🔥", "PASSWORD"], ["ⲁⲃⲅ1", "NAME"], [
    "𠮷野",
    "NAME",
  ]];
  for (const [value, tag] of values) {
    assertEquals(await CONTROLS.draw({ value, tag }, { count: 5, place: "a" }), [], value);
  }
});

Deno.test("ControlValues.draw() draws passwords by words, whatever rule found them, and no hashes", async () => {
  const draw = (value: string, tag: string) => CONTROLS.draw({ value, tag }, { count: 5, place: "a" });
  const words = await draw("correct-horse-battery", "KEY");
  for (const tag of ["PASSWORD", "HASH"]) assertEquals(await draw("correct-horse-battery", tag), words);
  const [own, ...ids] = await TOKENIZER.encodeIds(["correct-horse-battery", ...words]);
  assertEquals(new Set(ids.map(({ length }) => length)), new Set([own!.length]));
  const digest = "5f4dcc3b5aa765d61d8327deb882cf99";
  const { slots } = formatOf({ value: digest, tag: "HASH" });
  for (const control of await draw(digest, "HASH")) {
    assert(slots.every((slot, at) => slot.includes(control[at]!)));
  }
});

Deno.test("ControlValues.draw() draws words for what people choose: of its classes, mostly of as many tokens", async () => {
  for (
    const [value, tag] of [
      ["Margaret Hamilton", "NAME"],
      ["summer-holiday", "KEY"],
      ["maria.santos@gmail.com", "EMAIL"],
      ["info@warehouse.example", "EMAIL"],
    ] as const
  ) {
    const drawn = await CONTROLS.draw({ value, tag }, { count: 50, place: "a" });
    assertEquals(drawn.length, 50);
    const { slots } = formatOf({ value, tag });
    for (const control of drawn) {
      assertNotEquals(control, value);
      assertEquals(control.length, value.length);
      assert(slots.every((slot, at) => slot.includes(control[at]!)), control);
    }
    const [own, ...ids] = await TOKENIZER.encodeIds([value, ...drawn]);
    const random = await TOKENIZER.encodeIds(
      await Promise.all(drawn.map((_, i) => lettersLike(value, i))),
    );
    const alike = (all: readonly Int32Array[]) => all.filter(({ length }) => length === own!.length).length;
    assert(alike(ids) >= 25 && alike(ids) >= alike(random), `${tag}: ${alike(ids)}, ${alike(random)}`);
  }
});

/** Random letters for letters. */
function lettersLike(value: string, seed: number): string {
  let state = seed * 7919 + 1;
  return value.replace(/[a-z]/g, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return String.fromCharCode(97 + (state >> 8) % 26);
  });
}

Deno.test("ControlValues.draw() keeps what keys share, and draws the rest of their alphabet", async () => {
  const [control] = await CONTROLS.draw({ value: "glpat-" + "xY7_".repeat(5), tag: "KEY" }, {
    count: 1,
    place: "a",
  });
  assert(/^glpat-/.test(control!));
  assertEquals(control!.length, 26);
});
