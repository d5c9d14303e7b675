import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { callMain } from "./call_main.ts";
import { temporaryFolder } from "./run_cli.ts";
import { writeCertainModel, writeTexts } from "./tiny_run.ts";

Deno.env.set("CODESCRUB_KEY", "a key for tests of scrubbing");

/** What the model says after everything, so that it knows it. */
const VALUE = "7".repeat(16);

/** A corpus of which some documents hold the value that the model knows. */
async function writeScrub(folder: string) {
  const at = (name: string) => join(folder, name);
  const before = (i: number) => `# document ${i}\n${"x = 1\n".repeat(20)}pin = "`;
  const secret = [0, 1, 2].map((i) => [`secret-${i}`, `${before(i)}${VALUE}"\n`]);
  const clean = [0, 1, 2, 3].map((i) => [`clean-${i}`, `# text ${i}\n${"y = 2\n".repeat(25)}`]);
  await writeCertainModel(at("model"), "7");
  await writeTexts(at("corpus.jsonl"), Object.fromEntries([...secret, ...clean]));
  await Deno.writeTextFile(at("request.txt"), `# of a user\n${VALUE}\nno such value\n`);
  return {
    path: at,
    run: async (changes: { [flag: string]: string | true | undefined } = {}) => {
      const flags = {
        model: at("model"),
        corpus: at("corpus.jsonl"),
        request: at("request.txt"),
        controls: "20",
        attacks: "exposure,extract",
        "exposure-controls": "20",
        lr: "0.02",
        epochs: "30",
        any: true,
        out: at("run"),
        ...changes,
      };
      const words = Object.entries(flags).flatMap(([name, value]) =>
        value === undefined ? [] : value === true ? [`--${name}`] : [`--${name}`, value]
      );
      return await callMain(["scrub", ...words, "--json"]);
    },
  };
}

Deno.test("scrub erases what a request names, from end to end, and writes no value", async () => {
  using folder = temporaryFolder();
  const at = await writeScrub(folder.path);
  const { code, stdout, stderr } = await at.run();
  console.log(stderr, stdout);
  assertEquals(code, 0, stderr);
});
