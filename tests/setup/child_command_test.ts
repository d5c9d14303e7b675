import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { drawFigure } from "../../lib/report/draw_figure.ts";
import { fetchWheels } from "../../lib/setup/set_up.ts";
import { childVariables } from "../../lib/setup/child_command.ts";
import { jupyterCommand } from "../../lib/setup/jupyter.ts";
import { maByDuplication } from "../../lib/figures/ma_by_duplication.ts";
import { runCli, temporaryFolder } from "../cli/run_cli.ts";

/** What a shell may hold that is no other program's business, and what it needs. */
const SECRETS = {
  CODESCRUB_KEY: "a made-up key of fingerprints",
  HF_TOKEN: "a made-up token of the Hub",
  HUGGING_FACE_HUB_TOKEN: "another",
  AWS_SECRET_ACCESS_KEY: "made up as well",
  SOME_PASSWORD: "too",
};
const NEEDED = { HTTPS_PROXY: "http://proxy.invalid", PIP_INDEX_URL: "https://mirror.invalid/simple" };

/** A folder with programs that write their environment beside themselves. */
function fakePrograms(folder: string, ...names: string[]): void {
  for (const name of names) {
    const body = `#!/bin/sh\nenv >> "${folder}/${name}.env"\necho 'version 1.2.3'\n`;
    Deno.writeTextFileSync(join(folder, name), body, { mode: 0o755 });
  }
}

/** The names of the variables that a program was given. */
function given(folder: string, name: string): string[] {
  const lines = Deno.readTextFileSync(`${folder}/${name}.env`).split("\n");
  return lines.map((line) => line.split("=")[0]!);
}

function assertClean(names: readonly string[], ...allowed: string[]): void {
  assert(names.includes("PATH"), "PATH");
  for (const name of Object.keys(SECRETS)) {
    if (!allowed.includes(name)) assert(!names.includes(name), name);
  }
}

/** Runs something with more variables in this process's environment. */
async function withVariables<T>(values: { [name: string]: string }, task: () => Promise<T>): Promise<T> {
  const before = Object.keys(values).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(values)) Deno.env.set(name, value);
  try {
    return await task();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

Deno.test("codescrub doctor gives Python and git neither the key nor a token", async () => {
  using folder = temporaryFolder();
  fakePrograms(folder.path, "python3", "git");
  const PATH = `${folder.path}:${Deno.env.get("PATH")}`;
  const env = { ...SECRETS, ...NEEDED, PATH, CODESCRUB_CACHE: folder.path };
  await runCli(["doctor"], { env });
  const [python, git] = [given(folder.path, "python3"), given(folder.path, "git")];
  assertClean(python);
  assertClean(git);
  for (const name of Object.keys(NEEDED)) assert(python.includes(name), name);
  assert(!git.includes("PIP_INDEX_URL"));
});

Deno.test("pip, the browser and Jupyter are given what they need and nothing else", async () => {
  using folder = temporaryFolder();
  fakePrograms(folder.path, "pip", "browser", "jupyter");
  const wheel = { name: "a", version: "1", file: "a-1-py3-none-any.whl", sha256: "00", bytes: 1 };
  await withVariables({ ...SECRETS, ...NEEDED }, async () => {
    const cache = join(folder.path, "cache");
    await fetchWheels([wheel], { python: join(folder.path, "pip"), cache }).catch(() => {});
    const figure = maByDuplication([], { threshold: 0.46 });
    await drawFigure(figure, { format: "svg", browser: join(folder.path, "browser") }).catch(() => {});
    const jupyter = { folder: folder.path, python: join(folder.path, "jupyter"), version: "1" };
    await (await jupyterCommand(jupyter, ["jupyterlab"], { stderr: "piped" })).output();
  });
  assertClean(given(folder.path, "pip"));
  assertClean(given(folder.path, "browser"));
  // Notebooks run the product itself: with another key, their fingerprints would not fit those of the commands.
  assertClean(given(folder.path, "jupyter"), "CODESCRUB_KEY");
  assert(given(folder.path, "jupyter").includes("CODESCRUB_KEY"));
});

Deno.test("the permissions of `deno task figure` hold every variable that a browser is given", () => {
  const missing = childVariables("browser").filter((name) => !deno.permissions.figure.env.includes(name));
  assertEquals(missing, []);
});
