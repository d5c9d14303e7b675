import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../lib/cli/commands.ts";
import { huntLeaks } from "./run.ts";

Deno.test("a slice of the leak harness: every command on good input, some on bad, and no planted value in any byte", async () => {
  const { commands, runs, planted, leaks, failures } = await huntLeaks({ every: 97, debugs: ["1"] });
  assertEquals([leaks, failures], [[], []]);
  assert(commands >= 14 && commands <= Object.keys(COMMANDS).length, `${commands} commands`);
  assert(runs > 40 && planted > 2000, `${runs} runs, ${planted} planted values`);
});
