import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { runGit, startGit, stopWith } from "../../lib/collection/git_command.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

/** A `timeout` that starts the command and ends without it, as it does by a signal at the wrong moment. */
const LEAVING = '#!/bin/sh\nshift 2\nexec 3<&0\n"$@" <&3 &\nexit 143\n';

Deno.test("stopWith() ends a git that `timeout` left alone: nothing waits for it for ever", async () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(join(folder.path, "timeout"), LEAVING, { mode: 0o755 });
  const path = Deno.env.get("PATH")!;
  Deno.env.set("PATH", `${folder.path}:${path}`);
  try {
    const child = startGit(["hash-object", "--stdin"], { seconds: 9, input: "never ends" });
    assertEquals((await child.status).code, 143); // git holds its output still
    stopWith(child, AbortSignal.abort())[Symbol.dispose]();
    assertEquals((await child.output()).code, 143);
  } finally {
    Deno.env.set("PATH", path);
  }
});

Deno.test("runGit() that is stopped throws the signal's reason", async () => {
  const reason = new DOMException("Stopped", "AbortError");
  const controller = new AbortController();
  const running = runGit(["cat-file", "--batch"], { seconds: 9, signal: controller.signal, input: "" });
  controller.abort(reason);
  await assertRejects(() => running, DOMException, "Stopped");
});
