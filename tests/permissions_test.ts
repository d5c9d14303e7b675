import { assertEquals, assertStringIncludes } from "@std/assert";
import deno from "../deno.json" with { type: "json" };
import { temporaryFolder } from "./cli/run_cli.ts";

/** Hosts that Deno lets a program import from unless told otherwise, and this machine. */
const ADDRESSES = ["https://deno.land/x/a.ts", "https://esm.sh/a", "http://127.0.0.1:1/a.ts"];

const SCRIPT = `for (const address of ${JSON.stringify(ADDRESSES)}) {
  const reason = await import(address).catch((error) => error.message);
  console.log(reason);
}`;

Deno.test("no task may import code from a network address", async () => {
  using folder = temporaryFolder();
  const script = `${folder.path}/script.ts`;
  Deno.writeTextFileSync(script, SCRIPT);
  const config = new URL("../deno.json", import.meta.url).pathname;
  for (const name of Object.keys(deno.permissions)) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-check", "--no-prompt", `--config=${config}`, `-P=${name}`, script],
      env: { NO_COLOR: "1" },
    }).output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    assertEquals(lines.length, ADDRESSES.length, name);
    for (const line of lines) assertStringIncludes(line, "Requires import access to", name);
  }
});

Deno.test("tasks have permissions of deno.json, or deny imports themselves", () => {
  const commands = Object.values(deno.tasks).map(({ command }) => command);
  const runs = commands.filter((command) => /\bdeno run\b/.test(command));
  const open = runs.filter((command) =>
    !/ -P=\w+ /.test(command) && !command.includes("--allow-import=nothing.invalid")
  );
  assertEquals(open, []);
});

Deno.test("the commands may connect to the Hub and GitHub, and to no package registry", () => {
  assertEquals(deno.permissions.codescrub.net, [
    "huggingface.co:443",
    "*.huggingface.co:443",
    "*.hf.co:443",
    "api.github.com:443",
  ]);
  for (const [name, permissions] of Object.entries(deno.permissions)) {
    if (name === "codescrub" || !("net" in permissions)) continue;
    assertEquals(permissions.net, ["127.0.0.1"], name);
  }
});
