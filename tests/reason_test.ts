import { assertEquals } from "@std/assert";
import { oneLine } from "../lib/reason.ts";

Deno.test("oneLine() shows whatever was thrown", () => {
  assertEquals(oneLine(new Error("a\r\n  b\n\n")), "a b");
  assertEquals(oneLine(new TypeError("")), "TypeError");
  assertEquals(oneLine("text"), "text");
  assertEquals(oneLine("\x1b[2Jgone\0"), "?[2Jgone?");
});
