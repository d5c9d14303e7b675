import pl from "nodejs-polars";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { callMain } from "./call_main.ts";
import { tiny } from "./tiny_cases.ts";
import { writeTexts } from "./tiny_run.ts";

Deno.test("what detect writes for a clean corpus is read by redact, probe, retain and merge, in every format", async () => {
  using at = await tiny();
  const corpus = at.path("clean.jsonl");
  await writeTexts(
    corpus,
    Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`${i}`, `y = ${i}\n`.repeat(30)])),
  );
  const call = async (...args: string[]) => {
    const run = await callMain(args);
    assertEquals(run.code, 0, run.stderr);
    return run;
  };
  for (const format of ["jsonl", "jsonl.gz", "csv", "parquet"]) {
    const secrets = at.path(`none.${format}`);
    await call("detect", corpus, "--out", secrets);
    await call("redact", corpus, "--secrets", secrets, "--out", at.path(`clean-${format}`));
    assertEquals(await Deno.readFile(at.path(`clean-${format}/clean.jsonl`)), await Deno.readFile(corpus));
    const probed = await at.run("probe", { corpus, secrets, out: at.path(`probed.${format}`) });
    assertEquals(probed.code, 0, probed.stderr);
    const retained = await at.run("retain", { texts: corpus, secrets, k: 1 });
    assertStringIncludes(retained.stderr, "Cannot choose a retain set of 1: 0 texts reach BLEU-4"); // it was read
    for (const shard of ["0/2", "1/2"]) {
      await call("detect", corpus, "--out", at.path(`parts.${format}`), "--shard", shard);
    }
    await call("merge", at.path(`parts.${format}`));
    assertEquals(await Deno.readFile(at.path(`parts.${format}`)), await Deno.readFile(secrets), format);
  }
});

Deno.test("merge joins shards of which some are empty, or lack a column's values", async () => {
  using at = await tiny();
  const rows = ["x = 1", "mail ada.l@mail.invalid", "y = 2", "mail bob.m@mail.invalid"];
  const lines = rows.map((text, i) => JSON.stringify(i === 1 ? { text, path: "007" } : { text }) + "\n");
  await Deno.writeTextFile(at.path("c.jsonl"), lines.join(""));
  for (const format of ["jsonl", "jsonl.gz", "csv", "parquet"]) {
    for (const shard of ["0/4", "1/4", "2/4", "3/4"]) {
      const { code, stderr } = await callMain(
        ["detect", at.path("c.jsonl"), "--out", at.path(`parts.${format}`), "--shard", shard],
      );
      assertEquals(code, 0, stderr);
    }
    const { code, stderr } = await callMain(["merge", at.path(`parts.${format}`)]);
    assertEquals(code, 0, stderr);
    await callMain(["detect", at.path("c.jsonl"), "--out", at.path(`whole.${format}`)]);
    const read = (name: string) => Deno.readFile(at.path(`${name}.${format}`));
    assertEquals(await read("parts"), await read("whole"), format);
  }
  const { code, stderr } = await callMain(["merge", at.path("parts.csv"), "--out", at.path("whole.parquet")]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, 'whole.parquet" of shards in .csv: give --out a name that ends in .csv');
});

Deno.test("what detect wrote of large and dated ids, probe finds", async () => {
  using at = await tiny();
  const secret = (i: number) => `mail user.${i}@mail.invalid\n${"x = 1\n".repeat(10)}`;
  const ids = ["9007199254740992", "9007199254740993", "-8876543210987654321"];
  const lines = ids.map((id, i) => `{"doc_id":${id},"text":${JSON.stringify(secret(i))}}\n`);
  await Deno.writeTextFile(at.path("ids.jsonl"), lines.join(""));
  const days = pl.Series("doc_id", [0, 19000, 19001], pl.Int64).cast(pl.Date);
  pl.DataFrame([days, pl.Series("text", ids.map((_, i) => secret(i)))]).writeParquet(at.path("days.parquet"));
  for (const [name, format] of [["ids.jsonl", "jsonl"], ["ids.jsonl", "csv"], ["days.parquet", "parquet"]]) {
    const [corpus, secrets] = [at.path(name!), at.path(`found.${format}`)];
    for (
      const run of [
        await at.run("detect", { corpus, out: secrets }),
        await at.run("probe", { corpus, secrets, out: at.path(`probed.${format}`) }),
      ]
    ) assertEquals(run.code, 0, run.stderr);
  }
});
