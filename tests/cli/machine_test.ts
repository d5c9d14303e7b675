import { assert, assertEquals } from "@std/assert";
import { hostname } from "node:os";
import { commitOf, thisMachine } from "../../lib/cli/machine.ts";
import { finishedRecord, newRecord } from "../../lib/cli/run_record.ts";

Deno.test("newRecord() tells the machine's kind and never its name, finishedRecord() when it was done", async () => {
  const context = { settings: {}, force: false, signal: new AbortController().signal };
  const record = await newRecord({ command: "select", context }, { outputs: [] });
  assertEquals(record.machine, thisMachine());
  assertEquals(Object.values(record.machine!).map(String).includes(hostname()), false);
  const { finished_at, machine } = finishedRecord(record, {}, { k: 32 });
  assert(Math.abs(Date.now() - Date.parse(finished_at!)) < 60_000);
  assertEquals(machine, record.machine);
});

Deno.test("commitOf() finds the commit of a checkout, also of one beside its repository", async () => {
  const root = await Deno.makeTempDir();
  try {
    const [commit, other] = ["a".repeat(40), "b".repeat(40)];
    await Deno.mkdir(`${root}/main/.git/refs/heads`, { recursive: true });
    await Deno.mkdir(`${root}/main/.git/worktrees/side`, { recursive: true });
    await Deno.mkdir(`${root}/side`);
    const write = (path: string, text: string) => Deno.writeTextFile(`${root}/${path}`, text);
    await write("main/.git/HEAD", `${commit}\n`);
    assertEquals(commitOf(`${root}/main`), commit);
    await write("main/.git/refs/heads/side", `${other}\n`);
    await write("main/.git/worktrees/side/HEAD", "ref: refs/heads/side\n");
    await write("main/.git/worktrees/side/commondir", "../..\n");
    await write("side/.git", `gitdir: ${root}/main/.git/worktrees/side\n`);
    assertEquals(commitOf(`${root}/side`), other);
    await write("main/.git/HEAD", "ref: ../../../etc/passwd\n");
    assertEquals(commitOf(`${root}/main`), undefined);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
