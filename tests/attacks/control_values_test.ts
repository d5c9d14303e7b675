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

Deno.test("ControlValues.draw() never gives the secret, also where the format has few values", async () => {
  const drawn = await CONTROLS.draw({ value: "7", tag: "PHONE" }, { count: 500, place: "a" });
  assertEquals([...new Set(drawn)].sort(), [..."012345689"]);
  assertEquals(await CONTROLS.draw({ value: "—", tag: "KEY" }, { count: 5, place: "a" }), []);
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
