import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { type ModelContext, modelFolder } from "../../lib/cli/model_folder.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import { temporaryFolder } from "./run_cli.ts";

/** What stands in a folder, and what is said of it; true for a model. */
const FOLDERS: [what: string, names: string[], said: string | true][] = [
  ["a model", ["config.json", "tokenizer.json", "model.safetensors"], true],
  [
    "an adapter",
    ["adapter_config.json", "adapter_model.safetensors", "tokenizer.json"],
    "it is an adapter (adapter_config.json): give its base as --model and this folder as --adapter",
  ],
  ["a model that has an adapter's configuration too", [
    "adapter_config.json",
    "config.json",
    "tokenizer.json",
    "model.safetensors",
  ], true],
  [
    "a Trainer's output",
    ["checkpoint-50", "checkpoint-100", "runs"],
    'it holds the checkpoints of a training: give one of them, as "PATH/checkpoint-100"',
  ],
  [
    "a Trainer's checkpoint",
    ["config.json", "model.safetensors", "optimizer.pt", "trainer_state.json"],
    "it is a checkpoint of a training, without a tokenizer: copy tokenizer.json of its base model into it",
  ],
  ["a Trainer's checkpoint with a tokenizer", [
    "config.json",
    "model.safetensors",
    "optimizer.pt",
    "tokenizer.json",
  ], true],
  ["an empty folder", [], "it has no config.json and no tokenizer.json: give the folder of a model"],
  [
    "a tokenizer of two files",
    ["config.json", "model.safetensors", "vocab.json", "merges.txt"],
    true,
  ],
  [
    "a SentencePiece tokenizer",
    ["config.json", "model.safetensors", "tokenizer.model"],
    true,
  ],
  [
    "an older tokenizer",
    ["config.json", "model.safetensors", "vocab.txt"],
    "it has no tokenizer.json but an older form of it: write it with transformers' AutoTokenizer, by save_pretrained",
  ],
  [
    "no tokenizer",
    ["config.json", "model.safetensors"],
    "it has no tokenizer.json: copy it from where the model comes from",
  ],
];

function contextAt(cwd: string): ModelContext {
  return { cwd, progress: createProgress(), signal: new AbortController().signal };
}

Deno.test("modelFolder() tells an adapter, a training's folders and a missing tokenizer from a model", async () => {
  using folder = temporaryFolder();
  for (const [i, [what, names, said]] of FOLDERS.entries()) {
    const path = join(folder.path, `m${i}`);
    await Deno.mkdir(path);
    for (const name of names) await Deno.writeTextFile(join(path, name), "");
    const found = modelFolder(path, contextAt("/"));
    if (said === true) assertEquals(await found, path, what);
    else {
      const { message } = await assertRejects(() => found, Error);
      assertEquals(message, `Cannot use model "${path}": ${said.replace("PATH", path)}`, what);
    }
  }
  const file = join(folder.path, "model.bin");
  await Deno.writeTextFile(file, "");
  const message = "it is a file: give the folder of the model, or a .gguf file";
  await assertRejects(() => modelFolder(file, contextAt("/")), Error, message);
});

Deno.test("modelFolder() says of a name that is nowhere what it lacks", async () => {
  using folder = temporaryFolder();
  const at = folder.path;
  const cases: [string, string][] = [
    [
      "gpt2",
      `there is no folder "${at}/gpt2", and models of the Hub have an organization: give org/gpt2`,
    ],
    ["./gpt2", `there is no folder or file "${at}/gpt2": check the path`],
    ["models/a/b", `there is no folder or file "${at}/models/a/b": check the path`],
    ["/nowhere/m", 'there is no folder or file "/nowhere/m": check the path'],
    ["m.gguf", `there is no folder or file "${at}/m.gguf": check the path`],
    ["https://huggingface.co/ada/coder", 'it is an address: name the model as "ada/coder"'],
    ["https://huggingface.co/ada/coder/tree/main?x=1", 'it is an address: name the model as "ada/coder"'],
    ["https://example.org/m.zip", "it is an address: give a folder, or org/name of the Hub"],
  ];
  for (const [name, said] of cases) {
    const { message } = await assertRejects(() => modelFolder(name, contextAt(at)), Error);
    assertEquals(message, `Cannot find model "${name}": ${said}`);
  }
});
