import { assertEquals, assertRejects } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openSafetensors } from "../../lib/checkpoints/safetensors_source.ts";
import { encodeSafetensors } from "./safetensors_bytes.ts";
import { saveModel } from "../../lib/checkpoints/save.ts";
import { openShards } from "../../lib/checkpoints/shards.ts";
import { openTorchFile } from "../../lib/checkpoints/torch_file.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const PLAIN = new URL("../fixtures/gpt2/plain", import.meta.url).pathname;
const TORCH = new URL("../fixtures/torch/zip.bin", import.meta.url).pathname;

/** A folder with two shards of one number each, "x" in a and "y" in b, and an index. */
async function writeShards(index: unknown): Promise<string> {
  const folder = await Deno.makeTempDir();
  for (const [file, name, value] of [["a", "x", 1], ["b", "y", 2]] as const) {
    const tensor = { name, shape: [1], dtype: "F32" as const, values: new Float32Array([value]) };
    await Deno.writeFile(`${folder}/${file}.safetensors`, encodeSafetensors([tensor]));
  }
  const text = typeof index === "string" ? index : JSON.stringify(index);
  await Deno.writeTextFile(`${folder}/model.safetensors.index.json`, text);
  return folder;
}

const GOOD = { metadata: { total_size: 8 }, weight_map: { x: "a.safetensors", y: "b.safetensors" } };

Deno.test("openShards() reads each tensor from its file", async () => {
  const folder = await writeShards(GOOD);
  using source = await openShards(`${folder}/model.safetensors.index.json`, openSafetensors);
  const values = new Float32Array(2);
  await source.read("y", values.subarray(0, 1), 0);
  await source.read("x", values.subarray(1), 0);
  assertEquals([[...source.tensors.keys()], [...values]], [["x", "y"], [2, 1]]);
});

const mapped = (x: unknown, y: unknown = "b.safetensors") => ({ weight_map: { x, y } });
const DAMAGED: readonly [string, unknown, string][] = [
  ["no JSON", "{", "it is no valid JSON: "],
  ["null", "null", "it has no weight_map"],
  ["a list", "[]", "it has no weight_map"],
  ["a map that is a list", { weight_map: [] }, "it has no weight_map"],
  ["an empty map", { weight_map: {} }, "its weight_map is empty"],
  ["a name twice", '{"weight_map":{"x":"a.safetensors","\\u0078":"a.safetensors"}}', 'it names "x" twice'],
  [
    "a way out",
    mapped("../a.safetensors"),
    '"x" is in "../a.safetensors": expected a file name without folders',
  ],
  ["an absolute path", mapped("/etc/passwd"), '"x" is in "/etc/passwd": expected a file name'],
  ["a Windows path", mapped("..\\a"), '"x" is in "..\\\\a": expected a file name'],
  ["a folder", mapped(".."), '"x" is in "..": expected a file name'],
  ["a NUL", mapped("a\0"), '"x" is in "a\\u0000": expected a file name'],
  ["no text", mapped(1), '"x" is in 1: expected a file name'],
  ["no name", mapped(""), '"x" is in "": expected a file name'],
  ["a missing file", mapped("c.safetensors"), 'c.safetensors": no such file'],
  ["the wrong file", mapped("b.safetensors"), '"x" is not in "b.safetensors", where it should be'],
  [
    "files that hold more",
    { weight_map: { x: "a.safetensors", __proto__x: "a.safetensors" } },
    '"__proto__x" is not in "a.safetensors", where it should be',
  ],
];

for (const [what, index, message] of DAMAGED) {
  Deno.test(`openShards() refuses an index with ${what}`, async () => {
    const path = `${await writeShards(index)}/model.safetensors.index.json`;
    const folder = path.replace("/model.safetensors.index.json", "");
    const error = await assertRejects(
      () => openShards(path, openSafetensors),
      Error,
      message.replace('"a"', "/a"),
    );
    assertEquals(error.message.includes(folder), true);
  });
}

Deno.test("openShards() refuses an index that is not UTF-8", async () => {
  const path = `${await Deno.makeTempDir()}/model.safetensors.index.json`;
  await Deno.writeFile(path, Uint8Array.of(0x7b, 0xff, 0x7d));
  await assertRejects(() => openShards(path, openSafetensors), SyntaxError, "it is no valid JSON: ");
});

Deno.test("openShards() refuses a file that holds tensors which the index does not map to it", async () => {
  const folder = await writeShards({ weight_map: { x: "both.safetensors", y: "b.safetensors" } });
  const tensors = ["x", "z"].map((name) => ({
    name,
    shape: [0],
    dtype: "F32" as const,
    values: new Float32Array(),
  }));
  await Deno.writeFile(`${folder}/both.safetensors`, encodeSafetensors(tensors));
  const path = `${folder}/model.safetensors.index.json`;
  const message = '"both.safetensors" holds "z", which the index does not map to it';
  await assertRejects(() => openShards(path, openSafetensors), SyntaxError, message);
});

Deno.test("openShards() refuses links in a circle and pipes, and follows links to files", async () => {
  const folder = await writeShards(GOOD);
  const path = `${folder}/model.safetensors.index.json`;
  await Deno.rename(`${folder}/a.safetensors`, `${folder}/blob`);
  await Deno.symlink(`${folder}/blob`, `${folder}/a.safetensors`);
  (await openShards(path, openSafetensors))[Symbol.dispose]();
  await Deno.remove(`${folder}/a.safetensors`);
  await Deno.symlink(`${folder}/a.safetensors`, `${folder}/a.safetensors`);
  await assertRejects(() => openShards(path, openSafetensors), Error, 'a.safetensors": ');
  await Deno.remove(`${folder}/a.safetensors`);
  await new Deno.Command("mkfifo", { args: [`${folder}/a.safetensors`] }).output();
  await assertRejects(
    () => openShards(path, openSafetensors),
    Error,
    'a.safetensors": it is a pipe, not a regular file',
  );
});

Deno.test("openShards() reads PyTorch's files as well", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.copyFile(TORCH, `${folder}/part.bin`);
  using part = await openTorchFile(TORCH);
  const map = Object.fromEntries(Array.from(part.tensors.keys(), (name) => [name, "part.bin"]));
  await Deno.writeTextFile(`${folder}/pytorch_model.bin.index.json`, JSON.stringify({ weight_map: map }));
  using source = await openShards(`${folder}/pytorch_model.bin.index.json`, openTorchFile);
  const values = new Float32Array(3);
  await source.read("row", values, 0);
  assertEquals([...values], [3, 4, 5]);
});

Deno.test("saveModel() splits weights, and replaces those of another layout", async () => {
  const out = await Deno.makeTempDir();
  const names = () => [...Deno.readDirSync(out)].map(({ name }) => name).sort();
  using loaded = await loadModel(PLAIN);
  const options = { ...loaded, dtype: "F32" as const, tokenizerFolder: PLAIN };
  const same = async () => {
    using again = await loadModel(out);
    for (const [name, weight] of Object.entries(loaded.model.weights)) {
      assertEquals(again.model.weights[name]!.dataSync(), weight.dataSync());
    }
  };
  await saveModel(loaded.model, out, options);
  assertEquals(names(), ["config.json", "model.safetensors"]);
  await saveModel(loaded.model, out, { ...options, shardBytes: 3000 });
  await same();
  const shards = names().filter((name) => name.startsWith("model-"));
  assertEquals([shards.length > 2, shards.at(-1), names().includes("model.safetensors")], [
    true,
    `model-0000${shards.length}-of-0000${shards.length}.safetensors`,
    false,
  ]);
  const index = JSON.parse(await Deno.readTextFile(`${out}/model.safetensors.index.json`));
  assertEquals(Object.keys(index.weight_map), Object.keys(loaded.model.weights));
  assertEquals(index.metadata.total_size, 4 * loaded.model.parameterCount);
  for (const name of shards) {
    using shard = await openSafetensors(`${out}/${name}`);
    const bytes = [...shard.tensors.values()].reduce(
      (sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b),
      0,
    );
    assertEquals(bytes <= 3000 || shard.tensors.size === 1, true);
  }
  await saveModel(loaded.model, out, options);
  await same();
  assertEquals(names(), ["config.json", "model.safetensors"]);
});
