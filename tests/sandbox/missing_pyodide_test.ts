import { assert, assertEquals, assertRejects } from "@std/assert";
import { openJudge } from "../../lib/sandbox/judge.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

Deno.test("openJudge() says in one line that Pyodide is not in Deno's cache", async () => {
  using empty = temporaryFolder();
  const before = Deno.env.get("DENO_DIR");
  Deno.env.set("DENO_DIR", empty.path);
  try {
    const error = await assertRejects(() => openJudge({ workers: 1 }), Error) as Error;
    assert(error.message.startsWith("Cannot start the sandbox: "), error.message);
    assert(error.message.includes("pyodide"), error.message);
    assertEquals(error.message.split("\n").length, 1);
  } finally {
    if (before === undefined) Deno.env.delete("DENO_DIR");
    else Deno.env.set("DENO_DIR", before);
  }
});
