import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { EMBEDDED_MODEL } from "../../lib/cli/model_folder.ts";
import { commitOf, serveHub } from "../hub/hub_server.ts";
import { runCli, temporaryFolder } from "./run_cli.ts";

const COMMIT = commitOf("embedded");

/** The embedded model as a Hub has it. */
async function serveEmbedded() {
  const files: { [name: string]: Uint8Array<ArrayBuffer> } = {};
  for (const name of ["config.json", "tokenizer.json", "model.safetensors"]) {
    files[name] = await Deno.readFile(join(EMBEDDED_MODEL, name));
  }
  return serveHub({ models: { "ada/coder": { refs: { v1: COMMIT }, commits: { [COMMIT]: files } } } });
}

Deno.test("measure takes a model of the Hub, and from the cache without a network", async () => {
  await using server = await serveEmbedded();
  using folder = temporaryFolder();
  await Deno.mkdir(join(folder.path, "texts"));
  await Deno.writeTextFile(join(folder.path, "texts", "a.py"), "import os\nimport sys\n\nprint(os.name)\n");
  const measure = async (model: string, out: string, env: { [name: string]: string }) => {
    const args = ["measure", "--model", model, "--texts", "texts", "--tokens", "16", "--out", out, "--json"];
    const options = { cwd: folder.path, env: { HF_HOME: folder.path, ...env } };
    const run = await runCli(args, { ...options, deno: ["--allow-net=127.0.0.1"] });
    assertEquals(run.code, 0, run.stderr);
    return { mean: JSON.parse(run.stdout.trim().split("\n").at(-1)!).mean_ma, stderr: run.stderr };
  };
  const online = await measure("ada/coder@v1", "a.jsonl", { HF_ENDPOINT: server.url });
  assertStringIncludes(online.stderr, "Downloading ada/coder@v1: 9 MB in");
  const offline = await measure("ada/coder@v1", "b.jsonl", { HF_HUB_OFFLINE: "1" });
  const embedded = await measure("embedded", "c.jsonl", {});
  assertEquals([online.mean, offline.mean], [embedded.mean, embedded.mean]);
});

Deno.test("fetch and --model say in one line why a model of the Hub cannot be had", async () => {
  await using server = await serveEmbedded();
  using folder = temporaryFolder();
  const run = async (args: string[], env: { [name: string]: string }, deno: string[] = []) => {
    const options = { cwd: folder.path, env: { HF_HOME: folder.path, ...env }, deno };
    const { code, stdout, stderr } = await runCli(args, options);
    assertEquals([code, stdout], [1, ""]);
    return stderr;
  };
  const measure = ["measure", "--model", "ada/coder", "--texts", ".", "--out", "a.jsonl"];
  await Deno.writeTextFile(join(folder.path, "a.py"), "import os\n");
  assertEquals(
    await run(measure, { HF_HUB_OFFLINE: "1" }),
    `codescrub: Cannot find model "ada/coder": it is not in "${folder.path}/hub", and HF_HUB_OFFLINE forbids to ` +
      `download it (nor is there a folder "${folder.path}/ada/coder")\n`,
  );
  assertEquals(
    await run(["fetch", "ada/coder@v2"], { HF_ENDPOINT: server.url }, ["--allow-net=127.0.0.1"]),
    'codescrub: Cannot download model "ada/coder@v2": it has no such revision: name a branch, a tag or a commit of it\n',
  );
  // Without leave for another host, as the project's own permissions have it.
  const host = server.url.replace("http://", "");
  assertEquals(
    await run(["fetch", "ada/coder"], { HF_ENDPOINT: server.url }),
    `codescrub: Cannot download model "ada/coder": this run may not connect to "${host}": ` +
      `add --allow-net=${host} to Deno's options\n`,
  );
  assertEquals(server.seen.length, 1);
});

Deno.test("--model means a folder before a model of the Hub of that name", async () => {
  using folder = temporaryFolder();
  await Deno.mkdir(join(folder.path, "ada", "coder"), { recursive: true });
  await Deno.mkdir(join(folder.path, "src"));
  await Deno.writeTextFile(join(folder.path, "src/a.py"), "import os\n");
  const args = ["measure", "--model", "ada/coder", "--texts", "src", "--out", "a.jsonl"];
  const { code, stderr } = await runCli(args, { cwd: folder.path });
  assertEquals(code, 1);
  assertStringIncludes(stderr, 'Cannot use model "ada/coder": it has no config.json and no tokenizer.json');
});
