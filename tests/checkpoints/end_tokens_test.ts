import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { endTokens } from "../../lib/checkpoints/end_tokens.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

const model = { config: { vocabularySize: 10 } };

/** The ends of a model whose folder has one file. */
async function endsOf(generation: string | null, eos_token_id: unknown, endOfText: number | null = null) {
  using folder = temporaryFolder();
  if (generation !== null) Deno.writeTextFileSync(join(folder.path, "generation_config.json"), generation);
  return await endTokens({ folder: folder.path, model, configJson: { eos_token_id } }, { endOfText });
}

Deno.test("a model ends at the ids of generation_config.json, else of config.json, and at its tokenizer's end", async () => {
  assertEquals(await endsOf('{"eos_token_id": [5, 3]}', 7, 3), [5, 3]);
  assertEquals(await endsOf('{"eos_token_id": 5}', 7, 3), [5, 3]);
  assertEquals(await endsOf('{"do_sample": true}', 7, 3), [7, 3]);
  assertEquals(await endsOf('{"eos_token_id": null}', 7), [7]);
  assertEquals(await endsOf("null", undefined, 3), [3]);
  assertEquals(await endsOf(null, undefined), []);
  const loaded = { folder: "/nowhere.gguf", model, configJson: { eos_token_id: 7 } };
  assertEquals(await endTokens(loaded, { endOfText: 7, usualEnd: 3 }), [7, 3]);
});

Deno.test("ids that the model does not have, and a file that is no JSON, are refused", async () => {
  for (const id of ["5", 10, -1, 1.5, [3, 10], { a: 1 }]) {
    const message = "generation_config.json has an eos_token_id that is none of the 10 ids";
    await assertRejects(() => endsOf(JSON.stringify({ eos_token_id: id }), 7), RangeError, message);
    await assertRejects(() => endsOf(null, id), RangeError, "config.json has an eos_token_id");
  }
  await assertRejects(() => endsOf("{", 7), SyntaxError, "generation_config.json is no valid JSON");
});
