import { assertEquals, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runGit, startGit, stopWith } from "../../lib/collection/git_command.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

/** A `timeout` that starts the command and ends without it, as it does by a signal at the wrong moment. */
const LEAVING = '#!/bin/sh\nshift 2\nexec 3<&0\n"$@" <&3 &\nexit 143\n';

/** A `timeout` that forgets the first signal. */
const FORGETTING = `#!/bin/sh
trap 'trap "exit 143" TERM' TERM
: > "$0.ready"
while :; do sleep 0.05; done
`;

/** Puts a `timeout` of ours before the system's. */
function withTimeout(script: string): Disposable & { path: string } {
  const folder = temporaryFolder();
  const file = join(folder.path, "timeout");
  Deno.writeTextFileSync(file, script, { mode: 0o755 });
  const path = Deno.env.get("PATH")!;
  Deno.env.set("PATH", `${folder.path}:${path}`);
  return {
    path: file,
    [Symbol.dispose]: () => {
      Deno.env.set("PATH", path);
      folder[Symbol.dispose]();
    },
  };
}

Deno.test("stopWith() ends a git that `timeout` left alone: nothing waits for it for ever", async () => {
  using _timeout = withTimeout(LEAVING);
  const child = startGit(["hash-object", "--stdin"], { seconds: 9, input: "never ends" });
  assertEquals((await child.status).code, 143); // git holds its output still
  stopWith(child, AbortSignal.abort())[Symbol.dispose]();
  assertEquals((await child.output()).code, 143);
});

Deno.test("stopWith() says it again to a `timeout` that forgot the first signal", async () => {
  using timeout = withTimeout(FORGETTING);
  const child = startGit(["--version"], { seconds: 9 });
  while (!existsSync(`${timeout.path}.ready`)) await new Promise((done) => setTimeout(done, 5));
  using _stop = stopWith(child, AbortSignal.abort());
  assertEquals((await child.output()).code, 143);
});

Deno.test("runGit() that is stopped throws the signal's reason", async () => {
  const reason = new DOMException("Stopped", "AbortError");
  const controller = new AbortController();
  const running = runGit(["cat-file", "--batch"], { seconds: 9, signal: controller.signal, input: "" });
  controller.abort(reason);
  await assertRejects(() => running, DOMException, "Stopped");
});
