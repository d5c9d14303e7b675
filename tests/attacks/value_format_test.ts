import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHash } from "node:crypto";
import { formatOf, isReplaceable, sharedParts } from "../../lib/attacks/value_format.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { SECRET_FORMATS, type SecretFormat } from "../../lib/embedded/secret_formats.ts";

const FORMATS = Object.keys(SECRET_FORMATS) as SecretFormat[];

Deno.test("formatOf() knows what each generator draws, and its slots hold it", () => {
  const random = new PythonRandom(5);
  for (const name of FORMATS) {
    for (let i = 0; i < 100; i++) {
      const value = SECRET_FORMATS[name](random);
      const format = formatOf({ value, tag: "KEY" });
      assertEquals(format.name, name, `${name}, draw ${i}`);
      assertEquals(format.slots.length, value.length);
      assert(format.slots.every((slot, at) => slot.includes(value[at]!)), name);
    }
  }
});

Deno.test("formatOf() describes by themselves values that fit a format by chance or none", () => {
  const digest = createHash("sha1").update("a").digest("hex"); // 40 characters, as an AWS key
  const cases: [string, string, RegExp][] = [
    [digest, "KEY", /^[0-9a-f]{40}$/],
    ["a".repeat(3) + "bc".repeat(20) + "x", "KEY", /^[a-z]{44}$/], // as base64
    ["ghp_" + "aB3".repeat(12), "KEY", /^ghp_[A-Za-z0-9]{36}$/],
    ["sk-proj-" + "Qz7".repeat(8), "KEY", /^sk-proj-[A-Za-z0-9]{24}$/],
    ["AKIA" + "Q7ZJ".repeat(4), "KEY", /^AKIA[A-Z0-9]{16}$/],
    [
      "123e4567-e89b-12d3-a456-426614174000",
      "KEY",
      /^[0-9a-f]{8}-[0-9a-z]{4}-[0-9a-z]{4}-[a-z][0-9]{3}-[0-9]{12}$/,
    ],
    ["10.0.17.254", "IP_ADDRESS", /^\d{2}\.\d\.\d{2}\.\d{3}$/],
    ["fe80::1c", "IP_ADDRESS", /^[0-9a-f]{4}::[0-9a-f]{2}$/],
    ["+49 170 1234567", "PHONE", /^\+\d{2} \d{3} \d{7}$/],
    ["Grace Hopper", "NAME", /^[A-Z][a-z]{4} [A-Z][a-z]{5}$/],
    ["grace.h@gmail.com", "EMAIL", /^[a-z]{5}\.[a-z]@gmail\.com$/],
    ["grace@navy.example.mil", "EMAIL", /^[a-z]{5}@[a-z]{4}\.[a-z]{7}\.mil$/],
    ["—#😀", "KEY", /^—#😀$/],
    ["é—#", "KEY", /^[ß-ÿœšžƒ]—#$/],
    ["пароль", "PHONE", /^[а-яё]{6}$/],
    ["иван@почта.рф", "EMAIL", /^[а-яё]{4}@[а-яё]{5}\.рф$/],
    ["e\u0301 9", "NAME", /^[a-z]\u0301 [0-9]$/],
    ["١٢٣", "PHONE", /^[٠-٩]{3}$/],
  ];
  const random = new PythonRandom(7);
  for (const [value, tag, pattern] of cases) {
    const format = formatOf({ value, tag });
    assertEquals(format.name, "own");
    assert(format.slots.every((slot, at) => slot.includes(value[at]!)));
    for (let i = 0; i < 50; i++) {
      const drawn = format.draw(random);
      assertMatch(drawn, pattern);
      assert(tag === "IP_ADDRESS" || format.slots.every((slot, at) => slot.includes(drawn[at]!)));
    }
  }
});

Deno.test("formatOf() draws octets of addresses only", () => {
  const { draw } = formatOf({ value: "10.0.17.254", tag: "IP_ADDRESS" });
  const random = new PythonRandom(1);
  for (let i = 0; i < 200; i++) {
    const parts = draw(random).split(".");
    assertEquals(parts.map(({ length }) => length), [2, 1, 2, 3]);
    assert(parts.every((part) => Number(part) <= 255 && String(Number(part)) === part));
  }
});

Deno.test("isReplaceable() asks that at least half of the telling tokens can be others", () => {
  const each = (value: string) => {
    const ends = value.split("").map((_, at) => at + 1);
    return { starts: ends.map((end) => end - 1), ends };
  };
  const cases: [string, string, boolean][] = [
    ["a", "KEY", true],
    ["a-=-=-=-=-=-=-", "KEY", true], // what stands between tells nothing
    ["----", "KEY", false],
    ["", "KEY", false],
    ["a@gmail.com", "EMAIL", true], // its provider is shared
    ["@gmail.com", "EMAIL", false],
    ["ab⚑⚑", "PASSWORD", true],
    ["a⚑⚑", "PASSWORD", false],
    ["e\u0301e\u0301", "NAME", true],
    ["e\u0301\u0301", "NAME", false],
    ["ⲁⲃ", "NAME", false], // Coptic
    ["npm_" + "aB3".repeat(12), "KEY", true],
  ];
  for (const [value, tag, expected] of cases) {
    const secret = { value, tag };
    assertEquals(isReplaceable(secret, formatOf(secret), each(value)), expected, value);
  }
});

Deno.test("formatOf() tells formats of few values", () => {
  const isSmall = (value: string, tag: string) => formatOf({ value, tag }).isSmall;
  assertEquals(["7", "123", "8080", "ab"].map((value) => isSmall(value, "KEY")), [true, true, true, true]);
  assertEquals([isSmall("192.0.2.44", "IP_ADDRESS"), isSmall("a@gmail.com", "EMAIL")], [true, true]);
  assertEquals([isSmall("1234567", "PHONE"), isSmall("npm_" + "aB3".repeat(12), "KEY")], [false, false]);
});

Deno.test("sharedParts() gives what all values of a kind have, and nothing of other kinds", () => {
  assertEquals(sharedParts({ value: "npm_" + "a".repeat(36), tag: "KEY" }), [[0, 4]]);
  assertEquals(sharedParts({ value: "npm_" + "a".repeat(36), tag: "NAME" }), []);
  assertEquals(sharedParts({ value: "a.b@gmail.com", tag: "EMAIL" }), [[3, 13]]);
  assertEquals(sharedParts({ value: "राम@डाक.भारत", tag: "EMAIL" }), [[7, 12]]);
});
