import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { openGguf } from "../../lib/checkpoints/gguf.ts";
import { readConfig } from "../../lib/checkpoints/load.ts";
import { openModelTokenizer, writeModelTokenizer } from "../../lib/checkpoints/model_tokenizer.ts";
import { openTensors } from "../../lib/checkpoints/open_tensors.ts";
import { parseHeader } from "../../lib/checkpoints/safetensors.ts";
import { runCli, temporaryFolder } from "../cli/run_cli.ts";
import { writeTexts, writeTinyModel } from "../cli/tiny_run.ts";

const GIGABYTES = 3_000_000_000;

/** Files that have no end, wait for ever or fill the memory where they are read whole. */
const ENDLESS: Readonly<Record<string, { make: (path: string) => Promise<unknown>; reason: RegExp }>> = {
  pipe: {
    make: (path) => new Deno.Command("mkfifo", { args: [path] }).output(),
    reason: /it is a pipe, not a regular file/,
  },
  device: { make: (path) => Deno.symlink("/dev/zero", path), reason: /it is a device, not a regular file/ },
  gigabytes: {
    make: async (path) => {
      using file = await Deno.open(path, { create: true, write: true });
      await file.truncate(GIGABYTES); // a hole: it takes no space
    },
    reason:
      /it has 3000000000 bytes, at most \d+ are|header claims 0 bytes|begins with|is no JSON object|not match|header is|its pickle has/,
  },
};

/** What reads each file of a model. */
const READERS: Readonly<Record<string, (path: string, folder: string) => unknown>> = {
  "config.json": (_, folder) => readConfig(folder),
  "tokenizer.json": (_, folder) => openModelTokenizer(folder),
  "generation_config.json": (_, folder) => writeModelTokenizer(folder, folder),
  "merges.txt": (_, folder) => writeModelTokenizer(folder, folder),
  "model.safetensors": (_, folder) => openTensors(folder),
  "model.safetensors.index.json": (_, folder) => openTensors(folder),
  "pytorch_model.bin": (_, folder) => openTensors(folder),
  "model.gguf": async (path) => await Promise.resolve().then(() => openGguf(path)),
};

for (const [name, read] of Object.entries(READERS)) {
  Deno.test(`${name}: a pipe, a device and three gigabytes are refused at once`, async () => {
    for (const { make, reason } of Object.values(ENDLESS)) {
      using folder = temporaryFolder();
      const path = join(folder.path, name);
      await make(path);
      const error = await assertRejects(async () => await read(path, folder.path), Error);
      assert(reason.test(error.message) && error.message.includes(path), error.message);
    }
  });
}

Deno.test("a command says of such a file in one line that it is not read", async () => {
  using folder = temporaryFolder();
  const texts = join(folder.path, "texts.jsonl");
  await writeTexts(texts, { a: "x = 1\n" });
  for (const name of ["config.json", "tokenizer.json"]) {
    const model = join(folder.path, name);
    await writeTinyModel(model);
    await Deno.remove(join(model, name));
    await Deno.symlink("/dev/zero", join(model, name));
    const { code, stderr } = await runCli([
      "measure",
      "--model",
      model,
      "--texts",
      texts,
      "--out",
      `${model}.csv`,
    ]);
    const what = name === "config.json" ? "configuration" : "tokenizer";
    assertEquals(code, 1);
    assertEquals(
      stderr,
      `codescrub: Cannot read ${what} "${model}/${name}": it is a device, not a regular file\n`,
    );
  }
});

/** A file of a header and no data. */
function fileOf(header: string): Uint8Array {
  const bytes = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + bytes.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(bytes.length), true);
  file.set(bytes, 8);
  return file;
}

Deno.test("parseHeader() takes 131,072 tensors, and refuses a million, or as many numbers or texts, unread", () => {
  const entry = (i: number) => `"t${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`;
  const entries = (count: number) => `{${Array.from({ length: count }, (_, i) => entry(i)).join(",")}}`;
  const largest = fileOf(entries(1 << 17));
  assertEquals(parseHeader(largest, largest.length, "m").tensors.length, 131072);
  const bombs = [
    `{${`${entry(0)},`.repeat(1_000_000)}}`,
    `{"a":{"dtype":"U8","shape":[${"1,".repeat(3_000_000)}1],"data_offsets":[0,1]}}`,
    `{"__metadata__":{${'"":"",'.repeat(1_500_000)}}}`,
  ];
  for (const bomb of bombs) {
    const file = fileOf(bomb);
    const message = "its header has more than 131072 tensors, or too long shapes or metadata";
    assertThrows(() => parseHeader(file, file.length, "m"), SyntaxError, message);
  }
});
