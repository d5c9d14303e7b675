import { assertEquals, assertRejects } from "@std/assert";
import { PRIVATE, writeFileAtomic } from "../../lib/files/write_file.ts";

Deno.test("writeFileAtomic() replaces a file and leaves no other", async () => {
  const folder = await Deno.makeTempDir();
  await writeFileAtomic(`${folder}/a`, "old");
  await writeFileAtomic(`${folder}/a`, new Uint8Array([110, 101, 119]));
  assertEquals(await Deno.readTextFile(`${folder}/a`), "new");
  assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["a"]);
});

Deno.test("writeFileAtomic() replaces a link, not what it leads to", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/target`, "kept");
  await Deno.symlink(`${folder}/target`, `${folder}/link`);
  await writeFileAtomic(`${folder}/link`, "new");
  assertEquals(await Deno.readTextFile(`${folder}/target`), "kept");
  assertEquals(await Deno.readTextFile(`${folder}/link`), "new");
});

Deno.test("writeFileAtomic() says why it cannot, and leaves no temporary file", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/taken`);
  await Deno.writeTextFile(`${folder}/file`, "");
  const cases = [
    [`${folder}/no/a`, `the folder "${folder}/no" does not exist: create it`],
    [`${folder}/file/a`, `"${folder}/file" is not a folder: choose another`],
    [`${folder}/taken`, "a folder of that name is there: choose another"],
  ] as const;
  for (const [path, message] of cases) {
    await assertRejects(() => writeFileAtomic(path, "x"), Error, `Cannot write "${path}": ${message}`);
  }
  assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name).sort(), ["file", "taken"]);
});

Deno.test("writeFileAtomic() writes pieces of one buffer in their order, and nothing if one fails", async () => {
  const folder = await Deno.makeTempDir();
  async function* pieces(fail: boolean) {
    const buffer = new Uint8Array(2);
    for (let i = 0; i < 3; i++) {
      buffer.fill(65 + i);
      yield await Promise.resolve(buffer);
    }
    if (fail) throw new Error("torn");
  }
  await writeFileAtomic(`${folder}/a`, { bytes: 6, pieces: pieces(false) });
  await assertRejects(
    () => writeFileAtomic(`${folder}/a`, { bytes: 6, pieces: pieces(true) }),
    Error,
    `Cannot write "${folder}/a": torn`,
  );
  assertEquals(await Deno.readTextFile(`${folder}/a`), "AABBCC");
  assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["a"]);
});

Deno.test("writeFileAtomic() writes what is private for its owner only, over a public file too", async () => {
  const folder = await Deno.makeTempDir();
  await writeFileAtomic(`${folder}/a`, "public");
  await writeFileAtomic(`${folder}/a`, "secret", { mode: PRIVATE });
  assertEquals(Deno.statSync(`${folder}/a`).mode! & 0o777, 0o600);
});
