import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { CODER, FILES, namesIn, NEW, OLD, openHub, refusal, text, WEIGHTS } from "./hub_open.ts";
import { idOf } from "./hub_server.ts";

Deno.test("fetchHubModel() downloads what is needed, then asks nothing", async () => {
  await using hub = await openHub();
  const told: [number, number][] = [];
  const folder = await hub.fetchModel("ada/coder", {}, {
    onProgress: ({ done, total }) => told.push([done, total]),
  });
  assertEquals(folder, join(hub.root, "snapshots", NEW));
  assertEquals(namesIn(folder), ["config.json", "model.safetensors", "tokenizer.json"]);
  assertEquals(await Deno.readFile(join(folder, "model.safetensors")), WEIGHTS);
  const id = idOf("model.safetensors", WEIGHTS);
  assertEquals(await Deno.readLink(join(folder, "model.safetensors")), `../../blobs/${id}`);
  assertEquals(await Deno.readTextFile(join(hub.root, "refs", "main")), NEW);
  assertEquals(
    hub.blobs(),
    ["config.json", "tokenizer.json", "model.safetensors"].map((name) =>
      idOf(name, FILES[name as keyof typeof FILES])
    ).sort(),
  );
  const total = WEIGHTS.length + FILES["config.json"].length + FILES["tokenizer.json"].length;
  assertEquals(told.at(-1), [total, total]);
  assert(told.every(([done], i) => done >= (told[i - 1]?.[0] ?? 0)));

  const asked = hub.server.seen.length;
  assertEquals(await hub.fetchModel("ada/coder"), folder);
  assertEquals(await hub.fetchModel("ada/coder", { HF_HUB_OFFLINE: "1" }, { refresh: true }), folder);
  assertEquals(hub.server.seen.length, asked);
});

Deno.test("fetchHubModel() takes a branch, a tag and a commit, and shares what is equal", async () => {
  await using hub = await openHub();
  const tagged = await hub.fetchModel("ada/coder@v1.0");
  assertEquals(tagged, join(hub.root, "snapshots", OLD));
  const asked = hub.files().length;
  assertEquals(await hub.fetchModel("ada/coder@topic/a"), tagged);
  assertEquals(await hub.fetchModel(`ada/coder@${OLD}`), tagged);
  assertEquals(hub.files().length, asked);
  assertEquals(await hub.fetchModel(`ada/coder@${NEW}`), join(hub.root, "snapshots", NEW));
  assertEquals(hub.files().slice(asked).map(({ path }) => path.split("/").at(-1)), ["config.json"]);
  assertEquals(namesIn(join(hub.root, "refs")), ["topic", "v1.0"]); // a commit is no ref
});

Deno.test("fetchHubModel() follows a branch that moved only when asked to", async () => {
  const coder = { ...CODER, refs: { main: OLD } };
  await using hub = await openHub(undefined, { models: { "ada/coder": coder } });
  const before = await hub.fetchModel("ada/coder");
  coder.refs.main = NEW;
  assertEquals(await hub.fetchModel("ada/coder"), before);
  const after = await hub.fetchModel("ada/coder", {}, { refresh: true });
  assertEquals(after, join(hub.root, "snapshots", NEW));
  assertEquals(await hub.fetchModel("ada/coder", { HF_HUB_OFFLINE: "1" }), after);
});

Deno.test("fetchHubModel() gives the token to the Hub only, from the variable or the file", async () => {
  await using hub = await openHub();
  await Deno.writeTextFile(join(hub.cache, "token"), "hf_of_the_file\n");
  await hub.fetchModel("ada/coder");
  assertEquals(
    new Set(hub.server.seen.map(({ isCdn, token }) => `${isCdn} ${token}`)),
    new Set([
      "false Bearer hf_of_the_file",
      "true null",
    ]),
  );
  await hub.fetchModel("ada/coder@v1.0", { HF_TOKEN: "hf_of_the_variable" });
  assertEquals(hub.server.seen.at(-1)?.token, "Bearer hf_of_the_variable");
});

Deno.test("fetchHubModel() reads shards by their index, of any alphabet, and lists of many pages", async () => {
  const names = ["模型-00001-of-00002.safetensors", "modèle #2?%41.safetensors"];
  const index = JSON.stringify({ metadata: {}, weight_map: { a: names[0], b: names[1], c: names[0] } });
  const files = {
    "config.json": FILES["config.json"],
    "vocab.json": text("{}"),
    "merges.txt": text(""),
    "model.safetensors.index.json": text(index),
    [names[0]!]: WEIGHTS,
    [names[1]!]: WEIGHTS.slice(1),
    "other.safetensors": text("unused"),
    "../../evil.safetensors": text("evil"),
    "pytorch_model.bin": text("another format"),
  };
  const models = { "ada/coder": { refs: { main: NEW }, commits: { [NEW]: files } } };
  await using hub = await openHub(undefined, { models, pageSize: 2 });
  const folder = await hub.fetchModel("ada/coder");
  assertEquals(
    namesIn(folder),
    ["config.json", "merges.txt", "model.safetensors.index.json", "vocab.json", ...names].sort(),
  );
  assertEquals(await Deno.readFile(join(folder, names[1]!)), WEIGHTS.slice(1));
  assertEquals(await hub.fetchModel("ada/coder", { HF_HUB_OFFLINE: "1" }), folder);
  await Deno.remove(join(folder, names[0]!));
  assertStringIncludes(
    await refusal(hub.fetchModel("ada/coder", { HF_HUB_OFFLINE: "1" })),
    `"${names[0]}" is not in "`,
  );
});

Deno.test("fetchHubModel() refuses hostile and senseless repositories", async () => {
  const served = (files: Record<string, string>) => {
    const all = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, text(content)]));
    return { "ada/coder": { refs: { main: NEW }, commits: { [NEW]: all } } };
  };
  const index = (name: unknown) => ({
    "config.json": "{}",
    "model.safetensors.index.json": JSON.stringify({ weight_map: { a: name } }),
    "../../evil.safetensors": "evil",
    "a/b.safetensors": "deeper",
  });
  const cases: [Record<string, string>, string][] = [
    [{ "README.md": "" }, "it has no config.json"],
    [{ "config.json": "{}" }, "it has no model.safetensors and no pytorch_model.bin"],
    [{ "config.json": "{}", "a.gguf": "" }, "but GGUF files: download one of them and give its path"],
    [index("../../evil.safetensors"), '"../../evil.safetensors" is no name of a weights file beside it'],
    [index("/etc/passwd"), '"/etc/passwd" is no name of a weights file'],
    [index("a/b.safetensors"), '"a/b.safetensors" is no name of a weights file'],
    [index("a\\b.safetensors"), "is no name of a weights file"],
    [index(".safetensors"), "is no name of a weights file"],
    [index("config.json"), '"config.json" is no name of a weights file'],
    [index(3), "3 is no name of a weights file"],
    [index("missing.safetensors"), 'it has no "missing.safetensors", which its index names'],
    [{ ...index(""), "model.safetensors.index.json": "[]" }, "it has no weight_map"],
    [{ ...index(""), "model.safetensors.index.json": "nul" }, "model.safetensors.index.json"],
  ];
  for (const [files, message] of cases) {
    await using hub = await openHub(undefined, { models: served(files) });
    const error = await assertRejects(() => hub.fetchModel("ada/coder"), Error, message);
    assertEquals((error as Error).message.split("\n").length, 1);
    assertEquals(namesIn(hub.cache).filter((name) => name !== "hub"), []);
  }
});
