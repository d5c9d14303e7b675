import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { secretKey } from "../../lib/cli/secret_key.ts";
import { temporaryPath } from "../../lib/files/write_file.ts";
import { temporaryFolder } from "./run_cli.ts";

function variables(values: { [name: string]: string }) {
  return (name: string) => values[name];
}

Deno.test("secretKey() prefers the variable, then the file, then the user's own", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "cache");
  const file = join(temporary.path, "key");
  Deno.writeTextFileSync(file, "a key in a file, made up\r\n", { mode: 0o600 });
  const both = { CODESCRUB_KEY: "a key in a variable", CODESCRUB_KEY_FILE: file };
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(await secretKey({ folder, variable: variables(both) })), "a key in a variable");
  const fromFile = await secretKey({ folder, variable: variables({ CODESCRUB_KEY_FILE: file }) });
  assertEquals(decoder.decode(fromFile), "a key in a file, made up");
  assertEquals((await secretKey({ folder, variable: variables({}) })).length, 32);
});

Deno.test("secretKey() makes one key when many ask at once, readable by its owner only", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "deep/cache");
  const keys = await Promise.all(
    Array.from({ length: 8 }, () => secretKey({ folder, variable: variables({}) })),
  );
  for (const key of keys) assertEquals(key, keys[0]);
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["fingerprint.key"]);
  assertEquals(Deno.statSync(join(folder, "fingerprint.key")).mode! & 0o777, 0o600);
});

Deno.test("secretKey() leaves nothing of a run that was killed before its key stood there", async () => {
  using temporary = temporaryFolder();
  const folder = temporary.path;
  Deno.writeFileSync(temporaryPath(join(folder, "fingerprint.key")), new Uint8Array(32));
  await secretKey({ folder, variable: variables({}) });
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["fingerprint.key"]);
});

Deno.test("secretKey() refuses short keys, missing files, and an own key that others can read", async () => {
  using temporary = temporaryFolder();
  const folder = temporary.path;
  const refuse = (values: { [name: string]: string }, message: string) =>
    assertRejects(() => secretKey({ folder, variable: variables(values) }), Error, message);
  await refuse(
    { CODESCRUB_KEY: "short" },
    "Cannot use CODESCRUB_KEY as a key: it has 5 bytes: give at least 16",
  );
  await refuse({ CODESCRUB_KEY_FILE: join(folder, "no") }, `Cannot read the key "${join(folder, "no")}"`);
  Deno.writeTextFileSync(join(folder, "fingerprint.key"), "cut", { mode: 0o600 });
  await refuse({}, "it has 3 bytes, not 32: remove it for a new one");
  Deno.chmodSync(join(folder, "fingerprint.key"), 0o644);
  await refuse({}, "others may read it (mode 644): chmod 600 it");
});

Deno.test("secretKey() refuses keys that anybody would guess, and takes random ones of any alphabet", async () => {
  using temporary = temporaryFolder();
  const folder = temporary.path;
  const given = (key: string) => secretKey({ folder, variable: variables({ CODESCRUB_KEY: key }) });
  for (const key of [" ".repeat(16), "k".repeat(64), "abcde".repeat(8), "\n \t".repeat(9)]) {
    const message = `Cannot use CODESCRUB_KEY as a key: it has only ${
      new Set(key).size
    } different characters: `;
    await assertRejects(() => given(key), RangeError, message + "give a random one (openssl rand -hex 32)");
  }
  for (let i = 0; i < 1000; i++) {
    await given(crypto.getRandomValues(new Uint8Array(32)).toHex());
    await given(crypto.getRandomValues(new Uint8Array(16)).toBase64());
  }
});

Deno.test("secretKey() refuses a key file that others can read or write", async () => {
  using temporary = temporaryFolder();
  const file = join(temporary.path, "key");
  Deno.writeTextFileSync(file, "a key in a file, made up");
  const read = () => secretKey({ variable: variables({ CODESCRUB_KEY_FILE: file }) });
  for (const mode of [0o644, 0o640, 0o604, 0o620, 0o602]) {
    Deno.chmodSync(file, mode);
    const message = `Cannot use CODESCRUB_KEY_FILE "${file}": others may read it (mode ${
      mode.toString(8)
    }): chmod 600 it`;
    await assertRejects(read, Error, message);
  }
  for (const mode of [0o600, 0o400]) {
    Deno.chmodSync(file, mode);
    assertEquals((await read()).length, 24);
  }
});
