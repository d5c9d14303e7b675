import { assert, assertEquals } from "@std/assert";
import { letterClass } from "../../lib/attacks/letter_class.ts";

Deno.test("letterClass() puts each character of one unit into one class, of one script and case", () => {
  const scripts = ["Latin", "Cyrillic", "Greek", "Arabic", "Han", "Hangul", "Hiragana", "Hebrew", "Thai"];
  const kinds = [...scripts.map((script) => `Script=${script}`), "Lu", "Ll", "Lo", "Nd", "Cased"];
  const properties = kinds.map((kind) => new RegExp(`\\p{${kind}}`, "u"));
  const kindOf = (character: string) => properties.map((property) => property.test(character)).join();
  for (let code = 0; code < 0x10000; code++) {
    const character = String.fromCharCode(code);
    const letters = letterClass(character);
    assert(letters.includes(character), code.toString(16));
    for (const other of [letters[0]!, letters.at(-1)!]) {
      assertEquals(letterClass(other), letters, code.toString(16));
      if (!/[0-9]/.test(character)) assertEquals(kindOf(other), kindOf(character), code.toString(16));
    }
  }
});

Deno.test("letterClass() gives the letters that languages write, and leaves alone what has no other", () => {
  assertEquals(letterClass("q"), "abcdefghijklmnopqrstuvwxyz");
  const sorted = (character: string) => [...letterClass(character)].sort().join("");
  assertEquals(sorted("ж"), "абвгдежзийклмнопрстуфхцчшщъыьэюяё");
  assertEquals(sorted("і"), "єіїўґ"); // of Ukrainian, beyond the Russian letters
  assertEquals(sorted("٣"), "٠١٢٣٤٥٦٧٨٩");
  assertEquals(sorted("あ").includes("ア"), false);
  for (const common of "山田太郎王李") assert(letterClass("雷").includes(common), common);
  assert(!letterClass("雷").includes("龘"), "no name has it");
  assert(!letterClass("ω").includes("ϡ"), "a letter of antiquity");
  assert(letterClass("민").length > 2000);
  for (const alone of ["-", " ", "—", "\u0301", "ि", "ー", "々", "ǅ", "😀", "𠮷", "ⲁ", "\ud83d", "\0"]) {
    assertEquals(letterClass(alone), alone);
  }
});
