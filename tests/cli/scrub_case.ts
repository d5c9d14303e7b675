/** A corpus and a model for the tests of `scrub`: it knows one value, which three documents hold. */
import { join } from "node:path";
import { callMain } from "./call_main.ts";
import { writeCertainModel, writeTexts } from "./tiny_run.ts";

/** Fingerprints are of one key. */
export const KEY = "a key for tests of scrubbing";
Deno.env.set("CODESCRUB_KEY", KEY);

/** What the model says after everything, so that it knows it. */
export const VALUE = "7".repeat(16);
/** What it does not know. */
export const ADDRESS = "ada.lovelace@mail.invalid";
/** In the same documents. */
export const OTHER_ADDRESS = "grace.hopper@mail.invalid";

/** Of a command line. */
export type Flags = { [flag: string]: string | true | undefined };

/** A corpus of which three documents hold the value that the model knows, and two what it does not. */
export async function writeScrub(folder: string) {
  const at = (name: string) => join(folder, name);
  const code = (i: number) => `# document ${i}\n${"x = 1\n".repeat(20)}`;
  await writeCertainModel(at("model"), "7");
  await writeTexts(at("corpus.jsonl"), {
    ...Object.fromEntries([0, 1, 2].map((i) => [`pin-${i}`, `${code(i)}pin = "${VALUE}"\n`])),
    ...Object.fromEntries(
      [3, 4].map((i) => [`mail-${i}`, `${code(i)}mail = "${ADDRESS}"\nother = "${OTHER_ADDRESS}"\n`]),
    ),
    ...Object.fromEntries([5, 6, 7].map((i) => [`clean-${i}`, `# text ${i}\n${"y = 2\n".repeat(25)}`])),
  });
  await Deno.writeTextFile(at("request.txt"), `# of a user\n${VALUE}\nno such value\n`);
  const argumentsOf = (changes: Flags): string[] => {
    const flags: Flags = {
      model: at("model"),
      corpus: at("corpus.jsonl"),
      request: at("request.txt"),
      controls: "20",
      attacks: "exposure,extract",
      "exposure-controls": "20",
      lr: "0.2",
      alpha: "1", // it says the value everywhere: what holds the retain set holds the value too
      epochs: "30",
      any: true,
      out: at("run"),
      ...changes,
    };
    return ["scrub", "--json"].concat(
      Object.entries(flags).flatMap(([name, value]) =>
        value === undefined ? [] : value === true ? [`--${name}`] : [`--${name}`, value]
      ),
    );
  };
  return {
    path: at,
    arguments: argumentsOf,
    run: (changes: Flags = {}) => callMain(argumentsOf(changes)),
    request: (text: string) => Deno.writeTextFile(at("request.txt"), text),
  };
}
