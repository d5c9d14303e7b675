import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pl from "nodejs-polars";
import { buildEmbeddedCorpus } from "../../lib/embedded/embedded_corpus.ts";
import { secretPieces } from "../../lib/embedded/secret_formats.ts";
import { writeTable } from "../../lib/datasets/tables.ts";
import { encodeSafetensors } from "../checkpoints/safetensors_bytes.ts";
import { escapeHtml, scriptJson } from "../../lib/report/markup.ts";
import { callMain } from "../cli/call_main.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { MODEL, plantedValues, writeDocuments } from "../cli/small_corpus.ts";
import { findLeaks, type FindPieces, pieceFinder, textsOf } from "./leaks.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const tokenizer = await Deno.readTextFile(join(MODEL, "tokenizer.json"));
const corpus = await buildEmbeddedCorpus({ tokenizer });
const values = plantedValues(corpus);
const pieces = values.flatMap((value) => secretPieces(value));
const find: FindPieces = pieceFinder(pieces);

/** Values as different as their formats: with signs that HTML, JSON and CSV escape too. */
const SAMPLES = values.filter((_, i) => i % 20 === 0);

Deno.test("no piece of a planted secret stands in data/, the tokenizer, a notebook or the README", async () => {
  assert(values.length > 400 && pieces.length > 5000, `${values.length} values, ${pieces.length} pieces`);
  const folders = ["data", "notebooks"].filter((name) => existsSync(join(ROOT, name)));
  assert(folders.includes("data"));
  for (const folder of folders) assertEquals(await findLeaks(join(ROOT, folder), find), []);
  assertEquals((await textsOf(join(ROOT, "README.md"))).flatMap(find), []);
});

Deno.test("no piece of a planted secret stands in a source, a test or a fixture", async () => {
  for (const folder of ["lib", "tests"]) assertEquals(await findLeaks(join(ROOT, folder), find), []);
});

Deno.test("the search finds planted secrets in a corpus, in detect --reveal, and not without it", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  await Deno.mkdir(path("corpus"));
  await writeDocuments(
    corpus.planted.documents.filter((_, i) => i % 40 === 0),
    path("corpus/corpus.jsonl.gz"),
  );
  const inCorpus = await findLeaks(path("corpus"), find);
  assertEquals(inCorpus.length, 1, "the corpus itself");
  const detect = async (name: string, ...flags: string[]) => {
    await Deno.mkdir(path(name));
    const args = [
      path("corpus/corpus.jsonl.gz"),
      "--out",
      join(path(name), "secrets.parquet"),
      "--json",
      ...flags,
    ];
    const { code, stdout, stderr } = await callMain(["detect", ...args]);
    assertEquals([code, find(stdout), find(stderr)], [0, [], []]);
    return await findLeaks(path(name), find);
  };
  assertEquals(await detect("masked"), []);
  assertEquals((await detect("revealed", "--reveal")).length, 1);
});

Deno.test("the search finds a secret in every format that it takes apart", async () => {
  using folder = temporaryFolder();
  for (const value of SAMPLES.filter((value) => secretPieces(value).length > 0)) {
    for (const [name, write] of Object.entries(HIDING_PLACES)) {
      const path = join(folder.path, name);
      await write(path, value);
      assert(
        (await findLeaks(folder.path, find)).length === 1,
        `${name} hides a value of ${value.length} characters`,
      );
      await Deno.remove(path);
    }
  }
});

/** Ways to hold a value in which its own characters may not stand in the file. */
const HIDING_PLACES: { [name: string]: (path: string, value: string) => Promise<void> } = {
  "table.parquet": (path, value) => writeTable(pl.DataFrame({ a: [1, 2], b: ["", value] }), path),
  "table.csv": (path, value) => writeTable(pl.DataFrame({ b: [`"${value}"`] }), path),
  "table.jsonl.gz": (path, value) => writeTable(pl.DataFrame({ b: [value] }), path),
  "text.txt.gz": async (path, value) => {
    const stream = new Blob([value]).stream().pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(path, await new Response(stream).bytes());
  },
  "escaped.json": (path, value) => Deno.writeTextFile(path, `{"a":[{"${asEscapes(value)}":1}]}`),
  "cell.ipynb": (path, value) =>
    Deno.writeTextFile(path, JSON.stringify({ source: [value.slice(0, 8), value.slice(8)] })),
  "page.html": (path, value) =>
    Deno.writeTextFile(path, `<td>${escapeHtml(value).replaceAll(/./g, "$&<wbr>")}</td>`),
  "entities.html": (path, value) =>
    Deno.writeTextFile(path, [...value].map((c) => `&#x${c.charCodeAt(0).toString(16)};`).join("")),
  "script.html": (path, value) =>
    Deno.writeTextFile(path, `<script>${scriptJson([`<${value}>`]).text}</script>`),
  "tokenizer.json": (path, value) =>
    Deno.writeTextFile(path, JSON.stringify({ model: { vocab: { a: 0, [`Ġ${value}`]: 1 } } })),
  "split.tokenizer.json": (path, value) =>
    Deno.writeTextFile(
      path,
      JSON.stringify({ model: { vocab: Object.fromEntries(chunks(value).map((part, i) => [part, i])) } }),
    ),
  "merges.tokenizer.json": (path, value) =>
    Deno.writeTextFile(
      path,
      JSON.stringify({ model: { vocab: {}, merges: [[value.slice(0, 5), value.slice(5)]] } }),
    ),
  "model.safetensors": (path, value) => {
    const tensor = { name: value, shape: [1], dtype: "F16", values: new Float32Array(1) } as const;
    return Deno.writeFile(path, encodeSafetensors([tensor]));
  },
};

function asEscapes(value: string): string {
  return [...value].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}

/** Pieces of five characters; equal ones would be one entry of a vocabulary. */
function chunks(value: string): string[] {
  return value.match(/.{1,5}/g)!;
}
