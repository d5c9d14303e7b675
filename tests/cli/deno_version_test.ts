import { assertEquals, assertStringIncludes } from "@std/assert";
import { TRIED_DENO, warnOfDeno } from "../../lib/cli/deno_version.ts";

Deno.test(".npmrc has npx start the Deno that all was tried with", async () => {
  const settings = await Deno.readTextFile(new URL("../../.npmrc", import.meta.url));
  assertStringIncludes(settings, `\npackage[]=deno@${TRIED_DENO}\n`);
  assertEquals(warnOfDeno(TRIED_DENO), null);
});

Deno.test("warnOfDeno() tells of older versions and of another major one", () => {
  const said = (version: string) => warnOfDeno(version)?.split(" than ")[0] ?? null;
  assertEquals(said("2.8.9"), "Deno 2.8.9 is older");
  assertEquals(said("1.46.0"), "Deno 1.46.0 is older");
  assertEquals(said("3.0.0"), "Deno 3.0.0 is newer");
  assertEquals(["2.9.0", "2.11.4"].map(said), [null, null]);
});
