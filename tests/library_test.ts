/** The library from another project, as the README says: its own deno.json links to a clone of this one. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./cli/run_cli.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The README's example, and a package that is not among the imports of the library. */
const SCRIPT = `import ms from "ms";
import { detectSecrets, loadModel, openTensorFlow, openTokenizer, Scorer } from "./CodeScrub/mod.ts";

using engine = await openTensorFlow({ device: "cpu" });
using loaded = await loadModel("embedded");
using scorer = new Scorer(loaded.model);
const tokenizer = await openTokenizer("embedded");
const [scores] = await scorer.texts([(await tokenizer.encode("import numpy as np\\n")).ids]);
console.log(engine.device, scores?.ma.toFixed(4), ms("2 days"), detectSecrets("m = 'ada@mail.invalid'").length);
`;

/** A project beside a clone, which is a link to this folder, with the clone's lock as the start of its own. */
function makeProject(folder: string): void {
  Deno.symlinkSync(ROOT, join(folder, "CodeScrub"));
  const config = { links: ["./CodeScrub"], imports: { ms: "npm:ms@2.1.3" } };
  Deno.writeTextFileSync(join(folder, "deno.json"), JSON.stringify(config));
  // The package lies in the cache as another's dependency; that it was asked for is all that the lock lacks.
  const lock = Deno.readTextFileSync(join(ROOT, "deno.lock"));
  const asked = lock.replace('"specifiers": {', '"specifiers": {\n    "npm:ms@2.1.3": "2.1.3",');
  Deno.writeTextFileSync(join(folder, "deno.lock"), asked);
  Deno.writeTextFileSync(join(folder, "your.ts"), SCRIPT);
}

Deno.test("mod.ts runs from another project with npm packages of its own", async () => {
  using folder = temporaryFolder();
  makeProject(folder.path);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    // The first time Deno asks the registry which versions there are, as the lock is another project's.
    args: ["run", "-q", "--no-check", "--no-prompt", "-A", "your.ts"],
    cwd: folder.path,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  assertEquals([code, text(stdout)], [0, "cpu 0.4286 172800000 1"], text(stderr));
});
