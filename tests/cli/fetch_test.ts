import { assertEquals } from "@std/assert";
import { callMain } from "./call_main.ts";
import { temporaryFolder } from "./run_cli.ts";

Deno.test("fetch refuses a name that it does not know", async () => {
  const { code, stderr } = await callMain(["fetch", "gpt5"]);
  assertEquals(code, 2);
  assertEquals(
    stderr,
    'codescrub: Unknown model "gpt5": expected "smollm2", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b", "humaneval" or org/name[@revision]\n',
  );
});

Deno.test("--model says how to get a model that was not fetched yet", async () => {
  using folder = temporaryFolder();
  const before = Deno.env.get("CODESCRUB_CACHE");
  Deno.env.set("CODESCRUB_CACHE", `${folder.path}/cache`);
  try {
    const texts = `${folder.path}/texts`;
    await Deno.mkdir(texts);
    await Deno.writeTextFile(`${texts}/a.py`, "x = 1\n");
    const out = `${folder.path}/scores.csv`;
    const { code, stderr } = await callMain([
      "measure",
      "--model",
      "smollm2",
      "--texts",
      texts,
      "--out",
      out,
    ]);
    assertEquals(code, 1);
    const message =
      'Cannot use model "smollm2": it was not fetched yet: run "npx -y deno task fetch smollm2"';
    assertEquals(stderr.trim().split("\n").at(-1), `codescrub: ${message}`);
  } finally {
    if (before === undefined) Deno.env.delete("CODESCRUB_CACHE");
    else Deno.env.set("CODESCRUB_CACHE", before);
  }
});
