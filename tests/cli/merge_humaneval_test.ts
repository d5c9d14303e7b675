import { assert, assertEquals, assertRejects } from "@std/assert";
import { callMain } from "./call_main.ts";
import { bytesOf, failingAfter, world } from "./humaneval_world.ts";

for (const count of [1, 3, 5]) {
  Deno.test(`merge makes of ${count} shards of humaneval what one process makes`, async () => {
    using at = await world();
    await at.run({ out: at.path("whole") });
    for (let i = 0; i < count; i++) await at.run({ shard: `${i}/${count}` });
    const { code, stdout, stderr } = await callMain(["merge", at.path("out"), "--json"]);
    assertEquals(code, 0, stderr);
    assertEquals(bytesOf(at.path("out")), bytesOf(at.path("whole")));
    const { command: _, shards, ...summary } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
    const record = JSON.parse(await Deno.readTextFile(at.path("whole/run.json")));
    assertEquals([shards, { ...summary, out: at.path("whole") }], [count, record.summary]);
    await at.run({ model: at.path("other"), n: 2, before: at.path("out"), out: at.path("after") });
  });
}

Deno.test("merge refuses shards of humaneval that are missing, not finished, or run otherwise", async () => {
  using at = await world();
  const fails = async (message: string) => {
    const { code, stderr } = await callMain(["merge", at.path("out")]);
    assertEquals(code, 1);
    assert(stderr.includes(message), stderr);
  };
  await at.run({ shard: "0/2" });
  await fails("1 of 2 shards is missing: 1");
  await assertRejects(() => at.run({ shard: "1/2" }, { openSampler: failingAfter(1, at.parts) }));
  await fails("it is no finished shard of humaneval: run it first");
  await at.run({ shard: "1/2" });
  await at.run({ shard: "1/2", n: 3 });
  await fails("sample 2 of problem 0 is missing: finish its shard first");
  await at.run({ shard: "0/2", n: 3 });
  await Deno.remove(at.path("out-00001-of-00002"), { recursive: true });
  await at.run({ shard: "1/2", n: 3, temperature: 0.8 });
  await fails('"temperature" was 0.2, is 0.8');
});
