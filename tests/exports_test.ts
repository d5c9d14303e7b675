/** What the library exports, under which names, and what importing it loads. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import deno from "../deno.json" with { type: "json" };
import { temporaryFolder } from "./cli/run_cli.ts";
import { formatExports, LIST, listExports } from "./list_exports.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SUBPATHS = Object.entries(deno.exports);

const TFJS = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-node-gpu"];

/** The packages that importing a subpath loads. Only nodejs-polars and tokenizers have native add-ons that are used. */
const LOADED: { readonly [subpath in keyof typeof deno.exports]: readonly string[] } = {
  ".": [...TFJS, "nodejs-polars", "tokenizers"],
  "./attacks": TFJS,
  "./checkpoints": [...TFJS, "tokenizers"],
  "./collection": [],
  "./datasets": ["nodejs-polars", "tokenizers"],
  "./decoding": TFJS,
  "./embedded": ["nodejs-polars", "tokenizers"],
  "./engine": TFJS,
  "./evaluation": TFJS,
  "./figures": [],
  "./hub": [],
  "./humaneval": [],
  "./metrics": TFJS,
  "./models": TFJS.slice(0, 1),
  "./notebook": [...TFJS, "nodejs-polars", "tokenizers"],
  "./report": ["nodejs-polars", "plotly.js-basic-dist-min"],
  "./sandbox": [],
  "./secrets": ["re2js"],
  "./setup": [],
  "./tokenizers": ["tokenizers"],
  "./training": TFJS,
  "./unlearning": TFJS,
};

/** Whole packages under a name of ours: they have documentation of their own. */
const PACKAGES = ["tf", "pl"];

Deno.test("exports are those of tests/exports.txt, which `deno task exports` writes, and documented", async () => {
  const exports = await listExports();
  // a changed line is found faster in a list than in a text
  assertEquals(formatExports(exports).split("\n"), Deno.readTextFileSync(LIST).split("\n"));
  const bare = exports.filter(({ name, isDocumented }) => !isDocumented && !PACKAGES.includes(name));
  assertEquals(bare.map(({ subpath, name }) => `${subpath} ${name}`), []);
});

Deno.test("a name has one subpath, and names of mod.ts stand in a subpath too", () => {
  const lines = Deno.readTextFileSync(LIST).trim().split("\n").map((line) => line.split(" "));
  const homes = Map.groupBy(lines.filter(([subpath]) => subpath !== "."), ([, name]) => name);
  assertEquals([...homes].filter(([, found]) => found.length > 1).map(([name]) => name), []);
  const own = lines.filter(([subpath]) => subpath === ".");
  assertEquals(own.filter(([, name]) => !homes.has(name)), []);
  assert(own.filter(([, , kind]) => kind === "function" || kind === "class").length <= 13);
});

for (const [subpath, file] of SUBPATHS) {
  Deno.test(`export "${subpath}" is re-exports only, with an example`, () => {
    const text = Deno.readTextFileSync(join(ROOT, file));
    const [, doc = "", code = ""] = /^\/\*\*(.*?)\*\/\n(.*)$/s.exec(text) ?? [];
    assert(doc.includes("@example") && doc.includes("./mod.ts") && doc.includes("@module"));
    const rest = code.replace(/^export (type )?(\{[^}]*\}|\* as \w+) from "\.[\w./]+";\n/gm, "").trim();
    assertEquals(rest, "");
  });
}

interface Module {
  specifier: string;
  dependencies?: { code?: { specifier: string }; isDynamic?: boolean }[];
}

/** The modules that importing each subpath loads at once, by `deno info`. */
async function readGraphs(folder: string): Promise<Map<string, string[]>> {
  const all = join(folder, "all.ts");
  const urls = SUBPATHS.map(([, file]) => pathToFileURL(join(ROOT, file)).href);
  Deno.writeTextFileSync(all, urls.map((url) => `import "${url}";\n`).join(""));
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", all], cwd: ROOT });
  const { stdout } = await command.output();
  const { modules }: { modules: Module[] } = JSON.parse(new TextDecoder().decode(stdout));
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const visit = (specifier: string, reached: Set<string>) => {
    if (reached.has(specifier)) return reached;
    reached.add(specifier);
    for (const { code, isDynamic } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (code && !isDynamic) visit(code.specifier, reached);
    }
    return reached;
  };
  return new Map(SUBPATHS.map(([subpath], i) => [subpath, [...visit(urls[i]!, new Set())]]));
}

Deno.test("importing an export loads the packages that it needs and no other", async () => {
  using folder = temporaryFolder();
  for (const [subpath, modules] of await readGraphs(folder.path)) {
    const packages = modules.filter((specifier) => specifier.startsWith("npm:"))
      .map((specifier) => /^npm:\/?((?:@[\w-]+\/)?[\w.-]+)@/.exec(specifier)![1]!);
    assertEquals([...new Set(packages)].sort(), [...LOADED[subpath as keyof typeof LOADED]], subpath);
  }
});

/** Whether a subpath can be imported where no native code may be loaded. */
async function importsWithoutNative(file: string): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "--no-check",
      "--no-prompt",
      "--deny-ffi",
      "--allow-read",
      "--allow-env",
      "--allow-sys",
    ]
      .concat(join(ROOT, file)),
    cwd: ROOT,
    stderr: "null",
  }).output();
  return success;
}

Deno.test("exports without native add-ons are imported where native code is denied", async () => {
  const isNative = (name: string) => name === "nodejs-polars" || name === "tokenizers";
  for (const [subpath, file] of SUBPATHS) {
    const expected = !LOADED[subpath as keyof typeof LOADED].some(isNative);
    assertEquals(await importsWithoutNative(file), expected, subpath);
  }
});
