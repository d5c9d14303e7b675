import { assertEquals } from "@std/assert";
import {
  idNameEnd,
  isNotAlphanumericString,
  isPotentialUuid,
  isSequentialString,
  isTemplatedSecret,
} from "../../lib/secrets/heuristics.ts";

Deno.test("isPotentialUuid() finds a UUID anywhere, whatever its case", () => {
  const cases = ["0A1b2c3d-0000-1111-2222-0123456789AB-x", "0a1b2c3d-0000-1111-2222-0123456789a", ""];
  assertEquals(cases.map(isPotentialUuid), [true, false, false]);
});

Deno.test("isTemplatedSecret() takes braces, angle brackets and ${...}, the empty string and a lone $", () => {
  assertEquals(["{}", "<a\nb>", "${", "${a}", "$a}", "$", "", "{"].map(isTemplatedSecret), [
    ...[true, true, false, true, false, true, true, false],
  ]);
});

Deno.test("isSequentialString() looks in six rows, upper-cased", () => {
  const right = ["abc", "XYZABC", "z0123", "89+/", "z=/", "89ABC", "", "f0123456789abcdef"];
  assertEquals(right.filter((value) => !isSequentialString(value)), []);
  assertEquals(["acb", "01234567890a1", "é"].filter(isSequentialString), []);
});

Deno.test("isNotAlphanumericString() asks for one ASCII letter", () => {
  assertEquals(["12:34", "é", "1a"].map(isNotAlphanumericString), [true, true, false]);
});

Deno.test("idNameEnd() finds the first identifier's name", () => {
  const lines = [
    "id=",
    "IDs = ",
    "myid:",
    "an id=",
    "an_id=",
    "x_ids[",
    "idle=",
    "\u0131d=",
    "_id\u017f=",
    "_idK",
  ];
  assertEquals(lines.map(idNameEnd), [3, 4, 5, Infinity, 6, 6, Infinity, 3, 5, Infinity]);
});
