/** The library from another project, as the README says: by path with nothing to set up, or by name through a link. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./cli/run_cli.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The README's example, and a package that is not among the imports of the library. */
const BY_PATH = `import ms from "ms";
import { loadModel, openTensorFlow, openTokenizer, Scorer } from "./CodeScrub/mod.ts";
import { detectSecrets } from "./CodeScrub/lib/secrets/mod.ts";

using engine = await openTensorFlow({ device: "cpu" });
using loaded = await loadModel("embedded");
using scorer = new Scorer(loaded.model);
const tokenizer = await openTokenizer("embedded");
const [scores] = await scorer.texts([(await tokenizer.encode("import numpy as np\\n")).ids]);
console.log(engine.device, scores?.ma.toFixed(4), ms("2 days"), detectSecrets("m = 'ada@mail.invalid'").length);
`;

const BY_NAME = `import { readCorpus } from "@codescrub/codescrub";
import { maByDuplication } from "@codescrub/codescrub/figures";
import { detectSecrets } from "@codescrub/codescrub/secrets";

const figure = maByDuplication([{ copies: 1, ma: 0.5, secrets: 4, se: 0.1 }]);
console.log(typeof readCorpus, figure.data[0].y[0], detectSecrets("m = 'ada@mail.invalid'").length);
`;

/** A project beside a clone, which is a link to this folder, with the clone's lock as the start of its own. */
function makeProject(folder: string, config: unknown, script: string): void {
  Deno.symlinkSync(ROOT, join(folder, "CodeScrub"));
  Deno.writeTextFileSync(join(folder, "deno.json"), JSON.stringify(config));
  // The package lies in the cache as another's dependency; that it was asked for is all that the lock lacks.
  const lock = Deno.readTextFileSync(join(ROOT, "deno.lock"));
  const asked = lock.replace('"specifiers": {', '"specifiers": {\n    "npm:ms@2.1.3": "2.1.3",');
  Deno.writeTextFileSync(join(folder, "deno.lock"), asked);
  Deno.writeTextFileSync(join(folder, "your.ts"), script);
}

async function run(folder: string): Promise<{ code: number; shown: string; said: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    // The first time Deno asks the registry which versions there are, as the lock is another project's.
    args: ["run", "-q", "--no-check", "--no-prompt", "-A", "your.ts"],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, shown: text(stdout), said: text(stderr) };
}

Deno.test("mod.ts and subpaths run from another project, which needs no import map", async () => {
  using folder = temporaryFolder();
  makeProject(folder.path, { imports: { ms: "npm:ms@2.1.3" } }, BY_PATH);
  const { code, shown, said } = await run(folder.path);
  assertEquals([code, shown], [0, "cpu 0.4286 172800000 1"], said);
});

Deno.test("exports have names in another project that links to a clone", async () => {
  using folder = temporaryFolder();
  makeProject(folder.path, { links: ["./CodeScrub"] }, BY_NAME);
  const { code, shown, said } = await run(folder.path);
  assertEquals([code, shown], [0, "function 0.5 1"], said);
});
