/**
 * Broken and mistaken files with planted values in them: tables of every format, model folders, settings, lists. Each
 * is what a parser quotes, or what a message of ours could name.
 */
import { join } from "node:path";
import pl from "nodejs-polars";
import { encodeSafetensors } from "../checkpoints/safetensors_bytes.ts";
import { GgufBytes } from "../checkpoints/gguf_bytes.ts";
import { byteTokenizer, tinyConfig, tinyWeights, writeTinyModel } from "../cli/tiny_run.ts";
import type { Plants } from "./plants.ts";

/** A file's name and its bytes or text. */
export type BadFile = [name: string, content: string | Uint8Array];

/** The columns of a table: which hold text, which numbers. */
export interface TableKind {
  text: readonly string[];
  numbers: readonly string[];
}

/** Tables that are no table of this kind, or a hostile one. */
export async function badTables(kind: TableKind, plants: Plants, where: string): Promise<BadFile[]> {
  const files: BadFile[] = [...badCsv(kind, plants, where), ...badJsonLines(kind, plants, where)];
  return [...files, ...badParquet(kind, plants, where), ...await damagedGzip(plants, where)];
}

function badCsv({ text, numbers }: TableKind, plants: Plants, where: string): BadFile[] {
  const names = [...text, ...numbers];
  const header = names.join(",");
  const row = (cell: (name: string) => string) => names.map(cell).join(",");
  const good = (name: string) => text.includes(name) ? "a" : "1";
  const cell = (what: string) => plants.text(`${where}, ${what}`);
  const cellOf = (name: string, what: string) => plantCell(name, `${where}, ${what}`, plants);
  const last = names.at(-1)!;
  return [
    [
      "unclosed.csv",
      `${header}\n${row(good)}\n${row((name) => name === last ? `"${cell("unclosed quote")}` : "b")}\nx,y\n`,
    ],
    ["first_unclosed.csv", `${header}\n"${cell("quote never closed")}\n${row(good)}\n`],
    ["quotes.csv", `${header}\n${row((name) => `x"${cellOf(name, "quote within a cell")}" y`)}\n`],
    ["more.csv", `${header}\n${row(good)},${cell("a cell too many")},${cell("another")}\n`],
    ["headerless.csv", Array.from({ length: 3 }, () => row(() => cell("no header")) + "\n").join("")],
    [
      "words.csv",
      `${header}\n${row(good)}\n${row((name) => text.includes(name) ? "b" : cell("no number"))}\n`,
    ],
    ["late.csv", `${header}\n${(row(good) + "\n").repeat(200)}${row((name) => cellOf(name, "row 200"))}\n`],
    ["extra.csv", `${header},${plants.name(`${where}, extra column`)}\n${row(good)},${cell("extra cell")}\n`],
    ["nul.csv", `${header}\n${row((name) => `${cellOf(name, "beside a NUL")}\0`)}\n`],
    ["twice.csv", `${names[0]},${names[0]}\n${cell("column twice")},b\n`],
    ["one_line.csv", row(() => plants.name(`${where}, header alone`))],
    [
      "latin.csv",
      new Uint8Array([...new TextEncoder().encode(`${header}\n${cell("not UTF-8")}`), 0xe9, 0x0a]),
    ],
  ];
}

function badJsonLines({ text, numbers }: TableKind, plants: Plants, where: string): BadFile[] {
  const names = [...text, ...numbers];
  const key = (what: string) => plants.name(`${where}, ${what}`);
  const cell = (what: string) => plants.text(`${where}, ${what}`);
  const cellOf = (name: string, what: string) => plantCell(name, `${where}, ${what}`, plants);
  const good = Object.fromEntries(names.map((name) => [name, text.includes(name) ? "a" : 1]));
  const line = (row: unknown) => JSON.stringify(row) + "\n";
  const twice = key("mixed key");
  return [
    ["cut.jsonl", line(good) + `{"${names[0]}":"${cell("line cut within a text")}`],
    ["bare.jsonl", `{"${names[0]}": ${cell("text without quotes")}}\n`],
    ["no_json.jsonl", `${cell("a line of text")}\n`],
    ["key.jsonl", line({ [key("a key")]: 1, [key("another key")]: cell("its value") })],
    ["mixed.jsonl", line({ ...good, [twice]: 1 }) + line({ ...good, [twice]: "x" })],
    [
      "object.jsonl",
      line({ ...good, [key("key of an object")]: { [key("inner key")]: cell("inner value") } }),
    ],
    ["list.jsonl", line([cell("a list")])],
    ["lists.jsonl", line(Object.fromEntries(names.map((name) => [name, [cellOf(name, "in a list")]])))],
    ["string.jsonl", line(cell("a text alone"))],
    [
      "words.jsonl",
      line(
        Object.fromEntries(names.map((name) => [name, name === "doc_id" ? "a" : cell(`text as ${name}`)])),
      ),
    ],
    ["id.jsonl", (line({ ...good, doc_id: plants.id(`${where}, a document that is not there`) })).repeat(2)],
    ["spans.jsonl", line({ ...good, spans: `[["KEY", ${cell("broken spans")}` })],
    ["tags.jsonl", line({ ...good, spans: JSON.stringify([[cell("a tag"), 1e9, 1e9]]) })],
  ];
}

function badParquet({ text, numbers }: TableKind, plants: Plants, where: string): BadFile[] {
  const names = [...text, ...numbers];
  const cell = (what: string) => plants.text(`${where}, ${what}`);
  const cellOf = (name: string, what: string) => plantCell(name, `${where}, ${what}`, plants);
  const table = (columns: { [name: string]: string[] }): Uint8Array => pl.DataFrame(columns).writeParquet();
  const wrong = table(Object.fromEntries(names.map((name) => [name, [cellOf(name, "as text in Parquet")]])));
  return [
    ["text.parquet", cell("no Parquet")],
    ["framed.parquet", `PAR1${cell("between marks")}PAR1`],
    ["types.parquet", wrong],
    ["cut.parquet", wrong.slice(0, wrong.length - 20)],
    ["names.parquet", table({ [plants.name(`${where}, Parquet column`)]: [cell("its cell")] })],
    [
      "flipped.parquet",
      wrong.map((byte, i) => i > wrong.length - 60 && i < wrong.length - 8 ? byte ^ 0x55 : byte),
    ],
  ];
}

/** What stands in `doc_id` and `path` is an id of the user's, wherever else the same broken cell would be none. */
function plantCell(name: string, place: string, plants: Plants): string {
  const isId = name === "doc_id" || name === "path";
  return isId ? plants.id(`${place}, ${name}`) : plants.text(`${place}, ${name}`);
}

async function damagedGzip(plants: Plants, where: string): Promise<BadFile[]> {
  const line = JSON.stringify({ doc_id: "a", text: plants.text(`${where}, cut gzip`) }) + "\n";
  const packed = await new Response(new Blob([line]).stream().pipeThrough(new CompressionStream("gzip")))
    .bytes();
  return [
    ["cut.jsonl.gz", packed.slice(0, packed.length - 9)],
    ["plain.jsonl.gz", JSON.stringify({ text: plants.text(`${where}, no gzip`) })],
  ];
}

/** Settings for `--config`: broken, of an unknown name, of a wrong value. */
export function badSettings(plants: Plants, where: string): BadFile[] {
  const value = (what: string) => plants.text(`${where}, ${what}`);
  const key = (what: string) => plants.name(`${where}, ${what}`);
  return [
    ["cut.json", `{"seed": "${value("settings cut within a text")}`],
    ["bare.json", `{"seed": x${value("settings without quotes")}}`],
    ["text.json", value("settings that are a text")],
    ["key.json", JSON.stringify({ [key("unknown setting")]: 1 })],
    ["value.json", JSON.stringify({ seed: [key("setting of the wrong kind")] })],
    ["object.json", JSON.stringify({ seed: { [key("key of a setting")]: key("its value") } })],
  ];
}

/** Requests of `scrub` that are none, or match nothing. */
export function badRequests(plants: Plants): BadFile[] {
  return ["fingerprint:", "path:[", "value:", "doc:", ""].map((kind, i): BadFile => [
    `${i}.txt`,
    `${kind}${plants.text("a request")}`,
  ]);
}

/** Allow-lists of `detect`. */
export function badAllowLists(plants: Plants): BadFile[] {
  const value = (what: string) => plants.name(`allow-list, ${what}`);
  return [
    ["line.txt", `# ${value("comment")}\n${value("a line")}\n`],
    ["detector.txt", `detector ${value("a detector")} src/\n`],
    ["fingerprint.txt", `fingerprint ${value("a fingerprint")}\n`],
    ["words.txt", `fingerprint ${"0".repeat(64)} ${value("a second word")}\n`],
    ["path.txt", `path ${value("a path")}\npath\n`],
  ];
}

/** Letter pairs of `detect`. */
export function badBigrams(plants: Plants): BadFile[] {
  const value = (what: string) => plants.name(`bigrams, ${what}`);
  return [
    ["cut.json", `{"charset": "${value("cut")}`],
    ["text.json", value("no JSON")],
    ["charset.json", JSON.stringify({ charset: { [value("a key")]: value("its value") } })],
    [
      "counts.json",
      JSON.stringify({
        charset: "ab",
        counts: { [value("a letter")]: { [value("a pair")]: value("a count") } },
      }),
    ],
    [
      "pairs.json",
      JSON.stringify({ charset: "ab", counts: { a: { a: value("a number"), b: 1 }, b: { a: 1, b: 1 } } }),
    ],
  ];
}

/** Writes model folders and files with planted values into `folder`; their paths. */
export async function writeBadModels(folder: string, plants: Plants): Promise<string[]> {
  const key = (what: string) => plants.name(`model, ${what}`);
  const tokenizer = JSON.parse(await byteTokenizer());
  const tensors = tinyWeights();
  const renamed = tensors.map((tensor, i) => i === 0 ? { ...tensor, name: key("a tensor's name") } : tensor);
  const folders: { [name: string]: Parameters<typeof writeTinyModel>[1] } = {
    config_cut: { config: `{"model_type": "${key("config cut within a text")}` },
    config_bare: { config: `{"model_type": ${key("config without quotes")}}` },
    config_text: { config: JSON.stringify(key("config that is a text")) },
    config_type: { config: tinyConfig({ model_type: key("model type") }) },
    config_field: { config: tinyConfig({ n_head: key("field of the config") }) },
    config_object: { config: tinyConfig({ n_head: { [key("key in the config")]: key("value in it") } }) },
    config_choice: { config: tinyConfig({ activation_function: key("activation") }) },
    tokenizer_cut: { tokenizer: `{"version": "1.0", "model": {"type": "${key("tokenizer cut")}` },
    tokenizer_text: { tokenizer: key("tokenizer that is no JSON") },
    tokenizer_type: { tokenizer: JSON.stringify({ ...tokenizer, model: { type: key("tokenizer's kind") } }) },
    tokenizer_version: { tokenizer: JSON.stringify({ ...tokenizer, version: key("tokenizer's version") }) },
    tokenizer_merge: {
      tokenizer: JSON.stringify({
        ...tokenizer,
        model: { ...tokenizer.model, merges: [`${key("a merge")} b`] },
      }),
    },
    tokenizer_added: { tokenizer: JSON.stringify({ ...tokenizer, added_tokens: [key("an added token")] }) },
    tokenizer_regex: {
      tokenizer: JSON.stringify({
        ...tokenizer,
        normalizer: {
          type: "Replace",
          pattern: { Regex: `(${key("a pattern")}` },
          content: key("its content"),
        },
      }),
    },
    tokenizer_step: {
      tokenizer: JSON.stringify({ ...tokenizer, normalizer: { type: key("a step's kind") } }),
    },
    tokenizer_large: {
      tokenizer: JSON.stringify({
        ...tokenizer,
        model: { ...tokenizer.model, vocab: { ...tokenizer.model.vocab, [key("an entry")]: 257 } },
      }),
    },
    weights_name: { weights: encodeSafetensors(renamed) },
    weights_type: {
      weights: headerOf(
        JSON.stringify({ t: { dtype: key("a tensor's type"), shape: [1], data_offsets: [0, 4] } }),
      ),
    },
    weights_text: { weights: new TextEncoder().encode(key("weights that are text") + key("more of it")) },
    weights_json: { weights: headerOf(`{"${key("a header cut within a name")}`) },
    weights_value: { weights: headerOf(JSON.stringify({ [key("a tensor")]: key("its value") })) },
  };
  for (const [name, files] of Object.entries(folders)) await writeTinyModel(join(folder, name), files);
  const gguf = join(folder, "model.gguf");
  const name = key("metadata of a GGUF file");
  await Deno.writeFile(
    gguf,
    GgufBytes.of({ metadata: 2n }).text(name).u32(8).text(key("its text")).text(name).u32(99).bytes(),
  );
  const architecture = join(folder, "architecture.gguf");
  await Deno.writeFile(
    architecture,
    GgufBytes.of({ metadata: 1n }).text("general.architecture").u32(8).text(
      key("architecture of a GGUF file"),
    ).bytes(),
  );
  const shards = join(folder, "shards");
  await writeTinyModel(shards, { weights: null });
  const map = { [key("tensor of an index")]: key("file of an index"), b: `../${key("path of an index")}` };
  await Deno.writeTextFile(join(shards, "model.safetensors.index.json"), JSON.stringify({ weight_map: map }));
  return [...Object.keys(folders).map((name) => join(folder, name)), gguf, architecture, shards];
}

/** A safetensors file of a header alone. */
function headerOf(json: string): Uint8Array {
  const bytes = new TextEncoder().encode(json);
  const file = new Uint8Array(8 + bytes.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(bytes.length), true);
  file.set(bytes, 8);
  return file;
}
