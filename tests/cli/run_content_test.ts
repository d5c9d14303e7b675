import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { contentOf } from "../../lib/cli/run_content.ts";
import { temporaryFolder } from "./run_cli.ts";

Deno.test("contentOf() changes with a name, a byte, a file more and a file less, and with nothing else", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  const write = (name: string, text: string) => Deno.writeTextFileSync(path(name), text);
  Deno.mkdirSync(path("sub"));
  write("a.py", "x = 1\n");
  write("sub/b.py", "y = 2\n");
  write(".gitignore", "*.log\n");
  const before = await contentOf(folder.path);
  const differs = async () => assertNotEquals(await contentOf(folder.path), before);
  write("build.log", "ignored");
  Deno.utimeSync(path("a.py"), 1, 1);
  assertEquals(await contentOf(folder.path), before);
  Deno.renameSync(path("a.py"), path("c.py"));
  await differs();
  Deno.renameSync(path("c.py"), path("a.py"));
  write("sub/b.py", "y = 3\n");
  await differs();
  write("sub/b.py", "y = 2\n");
  write("sub/d.py", "");
  await differs();
  assertEquals(await contentOf(folder.path, { exclude: ["d.py"] }), before);
  Deno.removeSync(path("sub/d.py"));
  Deno.removeSync(path("a.py"));
  await differs();
});

Deno.test("contentOf() of a flat folder takes ignored files, and none below", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  Deno.mkdirSync(path("checkpoint-8"));
  Deno.writeTextFileSync(path(".gitignore"), "*\n");
  Deno.writeTextFileSync(path("model.safetensors"), "a");
  const before = await contentOf(folder.path, { isFlat: true });
  Deno.writeTextFileSync(path("checkpoint-8/state"), "a");
  assertEquals(await contentOf(folder.path, { isFlat: true }), before);
  Deno.writeTextFileSync(path("model.safetensors"), "b");
  assertNotEquals(await contentOf(folder.path, { isFlat: true }), before);
});

Deno.test("contentOf() of a flat folder does not change with what is said of the model in it", async () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(join(folder.path, "config.json"), "{}");
  const before = await contentOf(folder.path, { isFlat: true });
  for (const name of ["run.json", "README.md", "certificate.json", "certificate.json.sig"]) {
    Deno.writeTextFileSync(join(folder.path, name), "");
    assertEquals(await contentOf(folder.path, { isFlat: true }), before);
  }
  Deno.writeTextFileSync(join(folder.path, "certificate.jsonl"), "");
  assertNotEquals(await contentOf(folder.path, { isFlat: true }), before);
});

Deno.test("contentOf() of what is larger than is hashed whole goes by size, time and samples", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "weights");
  const bytes = new Uint8Array(8 * 2 ** 20);
  const write = (at: number, value: number) => {
    bytes[at] = value;
    Deno.writeFileSync(path, bytes);
    Deno.utimeSync(path, 1, 1);
  };
  const content = () => contentOf(path, { wholeBytes: 2 ** 20 });
  write(0, 0);
  const before = await content();
  write(bytes.length - 1, 1); // its last byte is in a sample
  assertNotEquals(await content(), before);
  write(bytes.length - 1, 0);
  assertEquals(await content(), before);
  Deno.utimeSync(path, 2, 2);
  assertNotEquals(await content(), before);
});

Deno.test("contentOf() of a model larger than is hashed whole goes by its bytes, all of them, and by nothing else", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "model.safetensors");
  const bytes = new Uint8Array(8 * 2 ** 20);
  const write = (at: number, value: number, time: number) => {
    bytes[at] = value;
    Deno.writeFileSync(path, bytes);
    Deno.utimeSync(path, time, time);
  };
  const wholeBytes = 2 ** 20;
  for (
    const content of [
      () => contentOf(folder.path, { isFlat: true, wholeBytes }),
      () => contentOf(path, { wholeBytes }),
    ]
  ) {
    write(0, 0, 1);
    const before = await content();
    write(0, 0, 2); // as after a copy to another machine
    assertEquals(await content(), before);
    write(100_000, 1, 2); // in none of the samples
    assertNotEquals(await content(), before);
    write(100_000, 0, 2);
    assertEquals(await content(), before);
  }
});

Deno.test("contentOf() of some of a model's files does not change with those beside them", async () => {
  using folder = temporaryFolder();
  const write = (name: string, text: string) => Deno.writeTextFileSync(join(folder.path, name), text);
  const content = () => contentOf(folder.path, { isFlat: true, names: ["a.gguf"] });
  write("a.gguf", "a");
  const before = await content();
  write("b.gguf", "b");
  assertEquals(await content(), before);
  write("a.gguf", "b");
  assertNotEquals(await content(), before);
});

Deno.test("contentOf() goes past a FIFO and a link to nothing", async () => {
  using folder = temporaryFolder();
  await new Deno.Command("mkfifo", { args: [join(folder.path, "fifo")] }).output();
  Deno.symlinkSync("nothing", join(folder.path, "link"));
  await contentOf(folder.path);
  await contentOf(folder.path, { isFlat: true });
  await assertRejects(() => contentOf(join(folder.path, "fifo")), TypeError, "it is a pipe");
});
