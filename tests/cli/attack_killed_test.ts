import { assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ATTACKS } from "../../lib/attacks/run_attack.ts";
import { killWithParts } from "./kill_with_parts.ts";
import { runCli, temporaryFolder } from "./run_cli.ts";
import { argumentsOf } from "./tiny_cases.ts";
import { writeTinyRun } from "./tiny_run.ts";

Deno.test("attack that is killed in each of its attacks in turn ends with the bytes of one that was not", async () => {
  using folder = temporaryFolder();
  const files = await writeTinyRun(folder.path);
  const at = { cwd: folder.path, env: { CODESCRUB_KEY: "a key for tests of attacks" } };
  const changes = { "attacks-before": "exposure", "relearn-steps": "1,2", "relearn-rates": "0.01" };
  const args = (out: string | undefined) => argumentsOf("attack", files, { ...changes, out });
  const whole = await runCli(args(join(folder.path, "whole")), at);
  assertEquals(whole.code, 0, whole.stderr);
  // where one's part is there the next one has begun; those of relearn and quantize are several
  for (const attack of Object.keys(ATTACKS)) {
    await killWithParts(args(undefined), "out", { ...at, parts: "out/parts", named: `-${attack}after` });
  }
  const parts = [...Deno.readDirSync(join(folder.path, "out/parts"))].map(({ name }) => name);
  assertEquals(parts.filter((name) => name.endsWith("-exposurebefore.json")), []);
  const { code, stderr } = await runCli(args(join(folder.path, "out")), at);
  assertEquals(code, 0, stderr);
  for (const attack of Object.keys(ATTACKS)) {
    const name = attack[0]!.toUpperCase() + attack.slice(1);
    assertMatch(stderr, new RegExp(`${name} \\(after\\): .*of an earlier run`));
  }
  for (const name of ["attacks.parquet", "attacks.json"]) {
    const [own, other] = ["out", "whole"].map((out) => Deno.readFileSync(join(folder.path, out, name)));
    assertEquals(own, other, name);
  }
  assertEquals(existsSync(join(folder.path, "out/parts")), false);
});
