import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { ggufTokenizerFiles, openGguf } from "../../lib/checkpoints/gguf.ts";
import { isGguf } from "../../lib/checkpoints/gguf_files.ts";
import { PIECE_ELEMENTS, type TensorSource } from "../../lib/checkpoints/tensor_source.ts";
import { parseTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import MODELS from "../fixtures/gguf/models.json" with { type: "json" };
import { GgufBytes } from "./gguf_bytes.ts";

const FOLDER = "tests/fixtures/gguf";

async function readWhole(source: TensorSource, name: string): Promise<Float32Array<ArrayBuffer>> {
  const values = new Float32Array(
    source.tensors.get(name)!.shape.reduce((product, size) => product * size, 1),
  );
  for (let at = 0; at < values.length; at += PIECE_ELEMENTS) {
    await source.read(name, values.subarray(at, at + PIECE_ELEMENTS), at);
  }
  return values;
}

for (const [name, { tensors, config }] of Object.entries(MODELS)) {
  Deno.test(`openGguf() reads every tensor of ${name} as transformers does, bit for bit`, async () => {
    const { source } = openGguf(`${FOLDER}/${name}.gguf`);
    using _source = source;
    assertEquals([...source.tensors.keys()].sort(), Object.keys(tensors).sort());
    for (const [tensor, hash] of Object.entries(tensors)) {
      const values = await readWhole(source, tensor);
      const found = createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex");
      assertEquals([tensor, found], [tensor, hash]);
    }
  });

  Deno.test(`openGguf() gives ${name}'s configuration`, () => {
    const { source, configJson } = openGguf(`${FOLDER}/${name}.gguf`);
    using _source = source;
    assertEquals(configJson.model_type, name);
    for (const [field, value] of Object.entries(config)) {
      assertEquals([field, configJson[field]], [field, value]);
    }
    if (name !== "gpt2") assertEquals([configJson.rope_theta, configJson.eos_token_id], [5000, 256]);
  });
}

Deno.test("ggufTokenizerFiles() gives a tokenizer and its settings", async () => {
  const files = ggufTokenizerFiles(`${FOLDER}/llama.gguf`);
  const tokenizer = parseTokenizer(files.get("tokenizer.json")!, "llama.gguf");
  assertEquals(
    await tokenizer.decode((await tokenizer.encode("é  😀<|endoftext|>")).ids),
    "é  😀<|endoftext|>",
  );
  assertEquals(JSON.parse(files.get("tokenizer_config.json")!), {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: "<|endoftext|>",
    eos_token: "<|endoftext|>",
  });
});

Deno.test("isGguf() goes by the end of a path", () => {
  assertEquals(["a.gguf", "b/A.GGUF", "gguf", "a.gguf/"].map(isGguf), [true, true, false, false]);
});

Deno.test("openGguf() says what it cannot open, and closes what it refuses", async () => {
  assertThrows(() => openGguf("/nowhere.gguf"), Error, 'Cannot load "/nowhere.gguf": no such file');
  const path = await Deno.makeTempFile({ suffix: ".gguf" });
  await Deno.writeFile(path, await Deno.readFile("README.md"));
  assertThrows(() => openGguf(path), SyntaxError, `Cannot read GGUF "${path}": it begins with`);
});

Deno.test("openGguf() refuses a file that becomes shorter", async () => {
  const path = await Deno.makeTempFile({ suffix: ".gguf" });
  await Deno.copyFile(`${FOLDER}/llama.gguf`, path);
  const { source } = openGguf(path);
  using _source = source;
  await Deno.truncate(path, 20_000);
  const reading = readWhole(source, "model.norm.weight");
  await assertRejects(() => reading, SyntaxError, "file ended while it was read");
});

/** A header of an architecture with some of its keys changed; tensors are one embedding. */
function changed(changes: Record<string, string | number | undefined>): Uint8Array {
  const fields: Record<string, string | number | undefined> = {
    "general.architecture": "llama",
    "llama.context_length": 64,
    "llama.embedding_length": 32,
    "llama.block_count": 2,
    "llama.feed_forward_length": 64,
    "llama.attention.head_count": 4,
    "llama.attention.layer_norm_rms_epsilon": 1,
    ...changes,
  };
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  const file = GgufBytes.of({ tensors: 1n, metadata: BigInt(entries.length) });
  for (const [key, value] of entries) {
    if (typeof value === "string") file.text(key).u32(8).text(value);
    else file.text(key).u32(5).u32(value!);
  }
  return file.tensor("token_embd.weight", { sizes: [1, 40] }).data(160);
}

function openBytes(bytes: Uint8Array): Record<string, unknown> {
  const path = Deno.makeTempFileSync({ suffix: ".gguf" });
  try {
    Deno.writeFileSync(path, bytes);
    const { source, configJson } = openGguf(path);
    source[Symbol.dispose]();
    return configJson;
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("openGguf() takes what is absent from what is there", () => {
  const config = openBytes(changed({}));
  assertEquals([config.num_key_value_heads, config.head_dim, config.rope_theta], [4, 8, 10_000]);
  assertEquals([config.vocab_size, config.tie_word_embeddings, config.rope_scaling], [40, true, undefined]);
});

Deno.test("openGguf() gives rope scaling as transformers spells it", () => {
  const linear = openBytes(changed({ "llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4 }));
  assertEquals(linear.rope_scaling, { rope_type: "linear", factor: 4 });
  const yarn = openBytes(changed({
    "llama.rope.scaling.type": "yarn",
    "llama.rope.scaling.factor": 2,
    "llama.rope.scaling.original_context_length": 32,
  }));
  assertEquals(yarn.rope_scaling, { rope_type: "yarn", factor: 2, original_max_position_embeddings: 32 });
});

const REFUSED: readonly [string, Record<string, string | number | undefined>, string][] = [
  ["no architecture", { "general.architecture": undefined }, 'Unknown architecture missing of "'],
  ["another architecture", { "general.architecture": "mamba" }, 'Unknown architecture "mamba" of "'],
  [
    "an architecture named as a method",
    { "general.architecture": "toString" },
    'Unknown architecture "toString"',
  ],
  [
    "no width",
    { "llama.embedding_length": undefined },
    "llama.embedding_length is missing: expected a whole number of at least 1",
  ],
  ["no layers", { "llama.block_count": 0 }, "llama.block_count is 0: expected a whole number"],
  [
    "a negative size",
    { "llama.feed_forward_length": -4 },
    "llama.feed_forward_length is -4: expected a whole number",
  ],
  [
    "a size that is a text",
    { "llama.attention.head_count": "4" },
    'llama.attention.head_count is "4": expected a whole number',
  ],
  [
    "no epsilon",
    { "llama.attention.layer_norm_rms_epsilon": 0 },
    "layer_norm_rms_epsilon is 0: expected a positive number",
  ],
  ["experts", { "llama.expert_count": 8 }, "llama.expert_count is 8: expected none: it is not supported"],
  ["a sliding window", { "llama.attention.sliding_window": 16 }, "sliding_window is 16: expected none"],
  [
    "heads rotated in part",
    { "llama.rope.dimension_count": 4 },
    "rope.dimension_count is 4: expected the width of a head, 8",
  ],
  [
    "values of another width",
    { "llama.attention.value_length": 4 },
    "value_length is 4: expected attention.key_length, 8",
  ],
  [
    "another scaling",
    { "llama.rope.scaling.type": "longrope", "llama.rope.scaling.factor": 4 },
    'rope.scaling.type is "longrope": expected "none", "linear" or "yarn"',
  ],
  ["an old scaling", { "llama.rope.scale_linear": 4 }, "llama.rope.scale_linear is 4: expected none"],
];

for (const [name, changes, message] of REFUSED) {
  Deno.test(`openGguf() refuses ${name}`, () => {
    const error = assertThrows(() => openBytes(changed(changes)), RangeError, message);
    assert(!error.message.includes("\n"));
  });
}
