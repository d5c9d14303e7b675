import { assertEquals } from "@std/assert";
import { streamRows } from "../../lib/datasets/stream_table.ts";

Deno.test("streamRows() puts lines together that are longer than what is read at once", async () => {
  const path = await Deno.makeTempFile({ suffix: ".jsonl" });
  const texts = ["x = 1", "é😀".repeat(100_000), "", "y".repeat(70_000), "z"]; // characters astride of every chunk's end
  await Deno.writeTextFile(path, texts.map((text) => JSON.stringify({ text })).join("\r\n"));
  const rows = await Array.fromAsync(streamRows(path, { text: "text", id: [], path: null }));
  assertEquals(rows.map(({ content }) => content), texts);
  await Deno.remove(path);
});
