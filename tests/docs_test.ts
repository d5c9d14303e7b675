import { assert, assertEquals } from "@std/assert";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const MAX_LINES = 300;
const MAX_BYTES = 15e6;
const TEXT_FILE = /\.(ts|py|md|json|jsonc|yml|ipynb|csv|txt)$|^(LICENSE|run)$/;
const SKIPPED = [".git", "out", "node_modules", "__pycache__", ".ipynb_checkpoints"];

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(join(ROOT, folder))) {
    const path = folder === "." ? name : `${folder}/${name}`;
    if (isDirectory && !SKIPPED.includes(name) && !name.endsWith(".tmp")) yield* walk(path);
    else if (isFile) yield path;
  }
}

const ALL_FILES = [...walk(".")];
const FILES = ALL_FILES.filter((path) => TEXT_FILE.test(path.split("/").at(-1)!));
const SOURCES = FILES.filter((path) => /^(lib\/.*|mod)\.ts$/.test(path));

interface DocSymbol {
  name: string;
  declarations: {
    declarationKind: string;
    kind: string;
    location: { filename: string; line: number };
    jsDoc?: { doc?: string; tags?: { kind: string }[] };
  }[];
}

interface DocModule {
  module_doc?: { doc?: string };
  symbols?: DocSymbol[];
}

async function readDocs(): Promise<[string, DocModule][]> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...SOURCES],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  assert(output.success, new TextDecoder().decode(output.stderr));
  const { nodes } = JSON.parse(new TextDecoder().decode(output.stdout)) as {
    nodes: { [file: string]: DocModule };
  };
  return Object.entries(nodes).map(([url, module]) => [fileURLToPath(url).slice(ROOT.length + 1), module]);
}

Deno.test("every file of lib/ has a module doc, every exported symbol a doc, every function an example", async () => {
  const wrong: string[] = [];
  const modules = await readDocs();
  assertEquals(modules.length, SOURCES.length);
  for (const [path, { module_doc, symbols = [] }] of modules) {
    if (!module_doc?.doc) wrong.push(`${path}: no module doc`);
    for (const { name, declarations } of symbols) {
      const own = declarations.filter(({ declarationKind, kind, location }) =>
        declarationKind === "export" && kind !== "reference" && location.filename.endsWith(path)
      );
      if (own.length === 0) continue; // re-exported, or not exported
      const docs = own.map(({ jsDoc }) => jsDoc);
      if (!docs.some((doc) => doc?.doc)) wrong.push(`${path}: ${name} has no doc`);
      // Types and constants are shown by the examples of what takes or gives them.
      if (!own.some(({ kind }) => kind === "function" || kind === "class")) continue;
      const hasExample = docs.some((doc) => doc?.tags?.some(({ kind }) => kind === "example"));
      if (!hasExample) wrong.push(`${path}: ${name} has no example`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test(`sources have at most ${MAX_LINES} lines`, () => {
  const long = FILES.filter((path) => path.endsWith(".ts")).flatMap((path) => {
    const lines = Deno.readTextFileSync(join(ROOT, path)).split("\n").length - 1;
    return lines > MAX_LINES ? [`${path}: ${lines}`] : [];
  });
  assertEquals(long, []);
});

Deno.test("no file is larger than 15 MB, and none is a wheel", () => {
  assertEquals(
    ALL_FILES.filter((path) => Deno.statSync(join(ROOT, path)).size > MAX_BYTES || path.endsWith(".whl")),
    [],
  );
});

Deno.test("no file names this machine or a folder of it", () => {
  // Their spelling is this machine's, so it cannot stand here; a short one would be found in any text.
  const names = [ROOT, dirname(ROOT), Deno.env.get("HOME") ?? "", hostname()].filter((name) =>
    name.length > 5
  );
  const paths = /(?<![\w.~$}/-])\/(home|Users|root|mnt)\/\w/;
  const wrong = FILES.filter((path) => {
    const text = Deno.readTextFileSync(join(ROOT, path));
    return names.some((name) => text.includes(name)) || paths.test(text);
  });
  assertEquals(wrong, []);
});

Deno.test("no source names a package registry's host", () => {
  // deno.lock holds what Deno writes; imports go through the map.
  const hosts = new RegExp(
    [
      ...["npmjs\\.(?:org|com)", "yarnpkg\\.com", "jsr\\.io", "pythonhosted\\.org", "pypi\\.(?:org|io)"],
      ...["crates\\.io", "golang\\.org", "rubygems\\.org", "packagist\\.org", "nuget\\.org", "hex\\.pm"],
      ...["maven\\.(?:apache\\.)?org", "anaconda\\.(?:org|com)", "conda-forge\\.org"],
    ].map((host) => `\\b${host}\\b`).join("|"),
  );
  const wrong = FILES.filter((path) => path !== "tests/docs_test.ts").filter((path) =>
    hosts.test(Deno.readTextFileSync(join(ROOT, path)))
  );
  assertEquals(wrong, []);
});
