/** Each attempt of escapes.ts with the user's own rights, where its canary must show, and in each sandbox. */
import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type JudgeBackend, openJudge } from "../../lib/sandbox/mod.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { type Canary, ESCAPES, SECRET, type Sign, VARIABLE } from "./escapes.ts";
import { hasBubblewrap } from "./find_bubblewrap.ts";

/** Runs every attempt; the names of those whose canary showed. */
async function attempt(backend: JudgeBackend): Promise<string[]> {
  using folder = temporaryFolder();
  const before = Deno.env.get(VARIABLE);
  Deno.env.set(VARIABLE, SECRET);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  const accepting = (async () => {
    for await (const connection of listener) {
      connections++;
      connection.close();
    }
  })();
  const secretFile = join(folder.path, "secret");
  Deno.writeTextFileSync(secretFile, SECRET);
  try {
    await using judge = await openJudge({ backend, workers: 1, consent: true, timeoutSeconds: 10 });
    const shown = await Promise.all(
      Object.entries(ESCAPES).map(async ([name, { sign, program }], i) => {
        const sleeper = new Deno.Command("sleep", { args: ["60"] }).spawn();
        let isKilled = false;
        const ended = sleeper.status.then(() => isKilled = true);
        const { port } = listener.addr as Deno.NetAddr;
        const canary: Canary = { file: join(folder.path, `canary-${i}`), secretFile, port, pid: sleeper.pid };
        const { passed } = await judge.run({ id: name, program: program(canary) });
        await new Promise((resolve) => setTimeout(resolve, 50)); // a connection is accepted, a signal arrives
        const signs: Record<Sign, boolean> = {
          passed,
          file: existsSync(canary.file),
          connection: connections > 0,
          killed: isKilled,
        };
        if (!isKilled) sleeper.kill("SIGKILL");
        await ended;
        return signs[sign] ? [name] : [];
      }),
    );
    return shown.flat();
  } finally {
    listener.close();
    await accepting;
    if (before === undefined) Deno.env.delete(VARIABLE);
    else Deno.env.set(VARIABLE, before);
  }
}

Deno.test("openJudge() with none leaves every canary: the attempts can work", async () => {
  assertEquals(await attempt("none"), Object.keys(ESCAPES));
});

Deno.test("openJudge() with pyodide leaves no canary", async () => {
  assertEquals(await attempt("pyodide"), []);
});

Deno.test({
  name: "openJudge() with bubblewrap leaves no canary (left out where bwrap is not installed)",
  ignore: !await hasBubblewrap(),
  fn: async () => {
    assertEquals(await attempt("bubblewrap"), []);
  },
});

Deno.test("every attempt has an own canary", () => {
  assert(
    Object.values(ESCAPES).every(({ sign }) => ["file", "passed", "connection", "killed"].includes(sign)),
  );
  assertEquals(Object.values(ESCAPES).filter(({ sign }) => sign === "connection").length, 1); // they are counted
});
