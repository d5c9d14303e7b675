import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { callMain } from "./call_main.ts";
import { temporaryFolder } from "./run_cli.ts";

Deno.test("codescrub merge writes of shards' places the SARIF that one process writes", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  Deno.mkdirSync(path("src"));
  // Assembled here, so that no scanner takes them for live ones.
  const values = ["q7Zk2mX9bVt4", "w3Rt8pLs6Hn1", "z5Yc1nKd9Gj7"];
  values.forEach((value, i) => {
    Deno.writeTextFileSync(path(`src/${i}.py`), `# é\nurl = "postgres://app:${value}@db.invalid/main"\n`);
  });
  Deno.env.set("INIT_CWD", folder.path);
  Deno.env.set("CODESCRUB_KEY", "a made-up key of fingerprints");
  try {
    const detect = (...args: string[]) =>
      callMain(["detect", path("src"), "--profile", "extended", "--workers", "1", ...args]);
    await detect("--sarif", path("one.sarif"));
    for (const shard of ["1/2", "0/2"]) {
      await detect("--places", "--out", path("parts.csv"), "--shard", shard);
    }
    const sarif = ["--sarif", path("whole.sarif"), "--prefix", "src/"];
    const merged = await callMain(["merge", path("parts.csv"), ...sarif, "--json"]);
    assertEquals(merged.code, 0, merged.stderr);
    assertStringIncludes(merged.stdout, '"sarif":');
    const [one, whole] = ["one.sarif", "whole.sarif"].map((name) => Deno.readTextFileSync(path(name)));
    const [ours, wanted] = [whole!, one!].map((text) => {
      const [{ results, tool }] = JSON.parse(text).runs;
      return { results, tool };
    });
    assertEquals(ours!.results.length, 3);
    assertEquals(ours, wanted);
    assertEquals(values.filter((value) => whole!.includes(value)), []);

    for (const shard of ["0/2", "1/2"]) await detect("--out", path("bare.csv"), "--shard", shard);
    const refused = await callMain(["merge", path("bare.csv"), "--sarif", path("bare.sarif")]);
    assertEquals(refused.code, 1);
    assertMatch(
      refused.stderr,
      /Cannot write ".*bare-00000-of-00002\.csv" as SARIF: it has no places: give the shards --places/,
    );
  } finally {
    for (const name of ["INIT_CWD", "CODESCRUB_KEY"]) Deno.env.delete(name);
  }
});
