import { assertEquals } from "@std/assert";
import { streamTable } from "../../lib/datasets/stream_table.ts";

Deno.test("streamTable() puts lines together that are longer than what is read at once", async () => {
  const path = await Deno.makeTempFile({ suffix: ".jsonl" });
  const texts = ["x = 1", "é😀".repeat(100_000), "", "y".repeat(70_000), "z"]; // characters astride of every chunk's end
  await Deno.writeTextFile(path, texts.map((text) => JSON.stringify({ text })).join("\r\n"));
  const rows = await Array.fromAsync(streamTable(path, { ids: [] }));
  assertEquals(rows.map(({ row }) => (row as { text: string }).text), texts);
  await Deno.remove(path);
});
