/** A model on a small Hub, an empty cache, and `fetchHubModel` between them. */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import {
  fetchHubModel,
  type FetchHubModelOptions,
  HubError,
  parseHubName,
} from "../../lib/hub/fetch_hub_model.ts";
import { readHubSettings } from "../../lib/hub/hub_settings.ts";
import { commitOf, type HubServerOptions, type ServedModel, serveHub } from "./hub_server.ts";

export const text = (content: string) => new TextEncoder().encode(content);
export const WEIGHTS = crypto.getRandomValues(new Uint8Array(60_000));
export const FILES = {
  "README.md": text("# a model\n"),
  "config.json": text('{"model_type": "gpt2"}\n'),
  "tokenizer.json": text("{}\n"),
  "model.safetensors": WEIGHTS,
  "pytorch_model.bin": text("another format"),
  "onnx/model.onnx": text("a third"),
};
export const [OLD, NEW] = [commitOf("old"), commitOf("new")];
export const CODER: ServedModel = {
  refs: { main: NEW, "v1.0": OLD, "topic/a": OLD },
  commits: { [OLD]: { ...FILES, "config.json": text('{"model_type": "gpt2", "old": 1}\n') }, [NEW]: FILES },
};
export const MODELS = { "ada/coder": CODER };

/** A Hub, an empty cache, and `fetchHubModel` between them. */
export async function openHub(
  answer?: HubServerOptions["answer"],
  { models = MODELS, ...rest }: Partial<HubServerOptions> = {},
) {
  const cache = await Deno.makeTempDir({ prefix: "codescrub-hub-" });
  const server = serveHub({ models, answer, ...rest });
  const fetchModel = (
    name: string,
    variables: Record<string, string> = {},
    options: FetchHubModelOptions = {},
  ) => {
    const all: Record<string, string> = { HF_ENDPOINT: server.url, HF_HOME: cache, ...variables };
    const settings = readHubSettings((name) => all[name]);
    return fetchHubModel(parseHubName(name)!, { settings, ...options });
  };
  const root = join(cache, "hub", "models--ada--coder");
  const blobs = () => namesIn(join(root, "blobs"));
  return {
    server,
    cache,
    root,
    fetchModel,
    blobs,
    files: () => server.seen.filter(({ path, isCdn }) => isCdn || path.includes("/resolve/")),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(cache, { recursive: true });
    },
  };
}

export function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

/** Whether this machine lets a user mount a file system of its own. */
export function hasNamespaces(): boolean {
  try {
    return new Deno.Command("unshare", { args: ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}

/** Runs a script, which has `fetchHubModel` and `model`, in a process of its own. */
export async function runScript(
  { server, cache }: { server: { url: string }; cache: string },
  body: string,
  { wrapper = [], flags = [] }: { wrapper?: readonly string[]; flags?: readonly string[] } = {},
) {
  const start = 'import { fetchHubModel } from "./lib/hub/fetch_hub_model.ts";' +
    'const model = { repository: "ada/coder", revision: "main" };';
  const [command = "", ...args] = [
    ...wrapper,
    Deno.execPath(),
    "eval",
    "-q",
    "--ext=ts",
    ...flags,
    start + body,
  ];
  const { code, signal, stdout } = await new Deno.Command(command, {
    args,
    cwd: join(import.meta.dirname!, "../.."),
    env: { HF_ENDPOINT: server.url, HF_HOME: cache },
    stderr: "null",
  }).output();
  return { code, signal, message: new TextDecoder().decode(stdout) };
}

/** The message of a refused fetch: one line, a HubError. */
export async function refusal(fetching: Promise<string>): Promise<string> {
  const error = await assertRejects(() => fetching, HubError);
  assertEquals(error.message.split("\n").length, 1);
  return error.message;
}
