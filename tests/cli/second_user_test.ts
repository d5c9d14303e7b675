/** A cache that is another user's, or that cannot be written. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { denoFolder } from "../../lib/setup/npm_packages.ts";
import { cacheFolder, setUpTensorFlow } from "../../lib/setup/set_up.ts";
import { cliCommand, temporaryFolder } from "./run_cli.ts";

const TOKEN = ["QZ7xK2vJ9mWq4bXf", "8pTzR3hLw6cNgYd5"].join("");
const REMEDIES =
  "set CODESCRUB_KEY or CODESCRUB_KEY_FILE to the key to use, or CODESCRUB_CACHE to a folder of your own";

/** The superuser may read everything, unless started without that capability. */
const ORDINARY = Deno.uid() === 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : [];

/** Runs the command line as somebody for whom file modes hold; Deno's own cache stays where it is. */
async function runOrdinary(args: readonly string[], folder: string, env: { [name: string]: string }) {
  const script = join(folder, "run.sh");
  const quoted = [...ORDINARY, Deno.execPath()].map((word) => `'${word}'`).join(" ");
  Deno.writeTextFileSync(script, `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
  const variables = { CODESCRUB_KEY: "", CODESCRUB_KEY_FILE: "", XDG_CACHE_HOME: "", CODESCRUB_CACHE: "" };
  const { code, stderr } = await cliCommand(args, {
    cwd: folder,
    program: script,
    env: { DENO_DIR: denoFolder()!, ...variables, ...env },
  }).output();
  const lines = new TextDecoder().decode(stderr).trimEnd().split("\n");
  return { code, lines: lines.filter((line) => line && !line.startsWith("Detecting: ")) };
}

function corpusIn(folder: string): string[] {
  Deno.mkdirSync(join(folder, "src"));
  Deno.writeTextFileSync(join(folder, "src", "a.py"), `KEY = '${TOKEN}'\n`);
  return ["detect", "src", "--workers", "1", "--out"];
}

Deno.test("a second user of a cache learns what to set when its key is not his to read", async () => {
  using folder = temporaryFolder();
  const detect = corpusIn(folder.path);
  const cache = join(folder.path, "cache");
  const key = join(cache, "fingerprint.key");
  Deno.mkdirSync(cache);
  Deno.writeFileSync(key, new Uint8Array(32), { mode: 0o000 });
  const run = (env: { [name: string]: string }, out: string) =>
    runOrdinary([...detect, out], folder.path, { CODESCRUB_CACHE: cache, ...env });
  const { code, lines } = await run({}, "a.jsonl");
  assertEquals([code, lines], [1, [
    `codescrub: Cannot read the key "${key}": permission denied: ${REMEDIES}`,
  ]]);
  assertEquals((await run({ CODESCRUB_KEY: "a key of enough bytes" }, "b.jsonl")).code, 0);
});

Deno.test("a home that is not there or not to be written gives one line, and a whole cache need not be writable", async () => {
  using folder = temporaryFolder();
  const detect = corpusIn(folder.path);
  const closed = join(folder.path, "closed");
  Deno.mkdirSync(closed);
  Deno.chmodSync(closed, 0o500);
  const none = await runOrdinary([...detect, "a.jsonl"], folder.path, { HOME: join(closed, "none") });
  const key = join(closed, "none/.cache/codescrub/fingerprint.key");
  assertEquals(none.lines, [`codescrub: Cannot make the key "${key}": permission denied: ${REMEDIES}`]);
  assertEquals(none.code, 1);

  await setUpTensorFlow();
  const cache = join(folder.path, "cache");
  Deno.mkdirSync(cache);
  for (const name of ["tensorflow-cpu-2.21.0", "wheels"]) {
    Deno.symlinkSync(join(cacheFolder(), name), join(cache, name));
  }
  Deno.writeFileSync(join(cache, "fingerprint.key"), crypto.getRandomValues(new Uint8Array(32)), {
    mode: 0o600,
  });
  Deno.chmodSync(cache, 0o500);
  for (const args of [["doctor", "--setup"], [...detect, "b.jsonl"]]) {
    assertEquals(await runOrdinary(args, folder.path, { CODESCRUB_CACHE: cache }), { code: 0, lines: [] });
  }
  Deno.chmodSync(cache, 0o700);
});
