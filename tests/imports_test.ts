import { assert, assertEquals } from "@std/assert";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import deno from "../deno.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The rank of each part of lib/; a file imports lower ranks and its own part. */
const RANKS: { readonly [part: string]: number } = {
  npm: -2,
  files: -1,
  engine: 0,
  tokenizers: 0,
  secrets: 0,
  figures: 0,
  setup: 0,
  hub: 0,
  sandbox: 0,
  models: 1,
  checkpoints: 1.1,
  decoding: 1.2,
  datasets: 1.3,
  embedded: 1.4,
  metrics: 2,
  training: 2,
  unlearning: 3,
  evaluation: 3,
  humaneval: 3,
  attacks: 3,
  collection: 3,
  report: 3.1,
  cli: 4,
  notebooks: 5,
};

/** What only some files may touch, and which. */
const HOMES: readonly { what: string; pattern: RegExp; homes: RegExp }[] = [
  {
    what: "Deno.dlopen",
    pattern: /\bDeno\.dlopen\b/,
    homes: /^lib\/engine\/(lib(c|rary)|nvidia_driver)\.ts$/,
  },
  {
    what: "Polars",
    pattern: /\/npm\/polars\.ts"/,
    homes: /^lib\/(datasets|embedded|evaluation|report|cli)\//,
  },
  {
    what: "the network",
    pattern: /\bfetch\(|\bWebSocket\b|\bDeno\.(connect|listen|serve)\w*\(|"node:(http|https|net|tls|dgram)"/,
    homes: /^lib\/((setup|hub)\/\w+|datasets\/corpus)\.ts$/,
  },
  {
    what: "subprocesses",
    pattern: /\bnew Deno\.Command\b|"node:child_process"/,
    homes: /^lib\/setup\/child_command\.ts$/, // so that none gets the whole environment
  },
  { what: "Deno.jupyter", pattern: /\bDeno\.jupyter\b/, homes: /^lib\/figures\// },
  { what: "pointers", pattern: /\bDeno\.UnsafePointer/, homes: /^lib\/engine\// },
  {
    what: "tfjs-node",
    pattern: /\/npm\/tfjs_node/,
    homes: /^lib\/engine\//,
  },
];

interface Source {
  /** Relative to the root. */
  path: string;
  /** Without comments. */
  code: string;
  imports: string[];
}

const SOURCES = [...walk("lib"), "mod.ts"].filter((path) => path.endsWith(".ts")).map(readSource);

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(ROOT, folder))) {
    if (isDirectory) yield* walk(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

function readSource(path: string): Source {
  const text = existing(path) ?? "";
  const code = text.replace(/^\s*\/\*[\s\S]*?\*\//gm, "").replace(/(^|\s)\/\/[^\n]*/g, "$1");
  const found = code.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)(["'])([\w@./:-]+)\1/g);
  return { path, code, imports: Array.from(found, ([, , specifier]) => specifier!) };
}

function existing(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(join(ROOT, path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined; // mod.ts, before it is written
    throw error;
  }
}

/** The folder of lib/ that a file belongs to. */
function partOf(path: string): string {
  return path.split("/")[1] ?? "";
}

function targetOf(source: Source, specifier: string): string {
  return join(dirname(source.path), specifier);
}

const isRelative = (specifier: string) => /^\.\.?\//.test(specifier);

Deno.test("lib/ has files and every one belongs to a part with a rank", () => {
  assert(SOURCES.length > 10);
  const unknown = SOURCES.filter(({ path }) => path !== "mod.ts" && RANKS[partOf(path)] === undefined);
  assertEquals(unknown.map(({ path }) => path), []);
});

Deno.test("files of lib/ import lower ranks and their own part only", () => {
  const wrong: string[] = [];
  for (const source of SOURCES) {
    if (source.path === "mod.ts") continue;
    for (const specifier of source.imports.filter(isRelative)) {
      const target = targetOf(source, specifier);
      if (target.endsWith(".json")) continue;
      const [from, to] = [partOf(source.path), partOf(target)];
      const isLower = target.startsWith("lib/") && (RANKS[to] ?? Infinity) < RANKS[from]!;
      // setup serves hub, engine and sandbox, which are of its rank.
      const isServed = to === "setup" && ["hub", "engine", "sandbox"].includes(from);
      if (from !== to && !isLower && !isServed) wrong.push(`${source.path} imports ${target}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("imports of lib/ have no cycle", () => {
  const edges = new Map(
    SOURCES.map((source) => [source.path, source.imports.filter(isRelative).map((s) => targetOf(source, s))]),
  );
  const done = new Set<string>();
  const visit = (path: string, trail: string[]) => {
    assert(!trail.includes(path), `cycle: ${[...trail.slice(trail.indexOf(path)), path].join(" -> ")}`);
    if (done.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  assertEquals(done.size >= SOURCES.length, true);
});

Deno.test("relative imports of lib/ lead to files, all others are node's; lib/npm alone names packages", () => {
  const wrong: string[] = [];
  for (const source of SOURCES) {
    const isHome = source.path.startsWith("lib/npm/");
    for (const specifier of source.imports) {
      const isKnown = isRelative(specifier)
        ? existing(targetOf(source, specifier)) !== undefined
        : specifier.startsWith("node:") ||
          isHome && /^npm:(@[\w-]+\/)?[\w.-]+@\d+\.\d+\.\d+(\/|$)/.test(specifier);
      if (!isKnown) wrong.push(`${source.path} imports ${specifier}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("packages have one version each, and bare names of deno.json lead to lib/npm", () => {
  const named = SOURCES.flatMap(({ imports }) => imports).concat(Object.values(deno.imports))
    .filter((specifier) => specifier.startsWith("npm:"));
  const versions = named.map((specifier) =>
    /^npm:\/?((?:@[\w-]+\/)?[\w.-]+)@([\d.]+)/.exec(specifier)!.slice(1, 3)
  );
  const byName = Map.groupBy(versions, ([name]) => name);
  for (const [name, found] of byName) {
    assertEquals(new Set(found.map(([, version]) => version)).size, 1, name);
  }
  for (const [name, path] of Object.entries(deno.imports)) {
    if (name.endsWith("/") || name === "@std/assert") continue; // a test's look into a package; see tests/assert.ts
    assertEquals(
      [path.startsWith("./lib/npm/"), existing(path)?.includes(`"npm:${name}@`)],
      [true, true],
      name,
    );
  }
});

for (const { what, pattern, homes } of HOMES) {
  Deno.test(`${what} stays at home in lib/`, () => {
    const strays = SOURCES.filter(({ path, code }) => pattern.test(code) && !homes.test(path));
    assertEquals(strays.map(({ path }) => path), []);
  });
}

Deno.test("readSource() sees imports of every form and none of comments", () => {
  const lines = [
    'import a from "./a.ts";',
    "import {\n  b,\n} from './b.ts';",
    'import "./c.ts";',
    'export { d } from "./d.ts";',
    'const e = await import("./e.ts");',
    '// import f from "./f.ts";',
    '/** import { g } from "./g.ts"; */',
    'import h from "./h.json" with { type: "json" };',
  ];
  const folder = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(join(folder, "all.ts"), lines.join("\n"));
    const { imports } = readSource(relative(ROOT, join(folder, "all.ts")));
    assertEquals(imports, ["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts", "./h.json"]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
