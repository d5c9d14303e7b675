import { assertEquals, assertThrows } from "@std/assert";
import { formatTable, write } from "../../lib/cli/console.ts";

Deno.test("write() writes all of it through partial and blocked writes", () => {
  let text = "";
  let calls = 0;
  const slow = {
    writeSync(bytes: Uint8Array) {
      if (calls++ === 1) throw new Deno.errors.WouldBlock("full");
      text += String.fromCharCode(bytes[0]!);
      return 1;
    },
  };
  write("abc", slow);
  assertEquals([text, calls], ["abc", 4]);
});

Deno.test("write() passes on what is no broken pipe", () => {
  const full = {
    writeSync() {
      throw new Error("no space");
    },
  };
  assertThrows(() => write("abc", full), Error, "no space");
});

Deno.test("formatTable() aligns texts, numbers and gaps", () => {
  assertEquals(formatTable(["a"], []), "a\n-");
  const table = formatTable(["part", "version", "n"], [["deno", "2.9.6", 1], ["git", null, 100]]);
  assertEquals(
    formatTable(["n", "what"], [[1, "one"], [undefined, "more"]]),
    "n  what\n-  ----\n1  one\n   more",
  );
  assertEquals(table, "part  version    n\n----  -------  ---\ndeno  2.9.6      1\ngit   -        100");
});
