import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  checkRegularFile,
  readRegularFile,
  readRegularFileSync,
  readRegularText,
} from "../../lib/files/read_file.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

const OPTIONS = { what: "table", maxBytes: 8 };

Deno.test("readRegularFile() refuses a pipe, a socket, a device and a folder at once, behind links too", async () => {
  using at = temporaryFolder();
  const path = (name: string) => `${at.path}/${name}`;
  await new Deno.Command("mkfifo", { args: [path("pipe")] }).output();
  const bind = `import socket; socket.socket(socket.AF_UNIX).bind(${JSON.stringify(path("socket"))})`;
  await new Deno.Command("python3", { args: ["-c", bind] }).output();
  await Deno.mkdir(path("folder"));
  await Deno.symlink("/dev/zero", path("device"));
  await Deno.symlink("pipe", path("link"));
  const reasons = {
    pipe: "it is a pipe, not a regular file",
    link: "it is a pipe, not a regular file",
    socket: "it is a socket, not a regular file",
    device: "it is a device, not a regular file",
    folder: "it is a folder",
  };
  for (const [name, reason] of Object.entries(reasons)) {
    const message = `Cannot read table "${path(name)}": ${reason}`;
    for (const read of [readRegularFile, readRegularText, checkRegularFile]) {
      await assertRejects(() => read(path(name), OPTIONS), TypeError, message);
    }
    assertThrows(() => readRegularFileSync(path(name), OPTIONS), TypeError, message);
  }
});

Deno.test("readRegularFile() reads up to its bound, and nothing of what is larger, missing or closed to it", async () => {
  using at = temporaryFolder();
  const [whole, huge, none] = [`${at.path}/whole`, `${at.path}/huge`, `${at.path}/none`];
  await Deno.writeTextFile(whole, "12345678");
  await Deno.writeTextFile(huge, "");
  await Deno.truncate(huge, 2 ** 42); // sparse
  assertEquals(await readRegularText(whole, OPTIONS), "12345678");
  assertEquals(readRegularFileSync(whole, OPTIONS), new TextEncoder().encode("12345678"));
  const large = `Cannot read table "${huge}": it has ${2 ** 42} bytes, at most 8 are read`;
  await assertRejects(() => readRegularFile(huge, OPTIONS), RangeError, large);
  assertThrows(() => readRegularFileSync(huge, OPTIONS), RangeError, large);
  assertEquals((await checkRegularFile(huge, { what: "table" })).size, 2 ** 42);
  for (const [path, reason] of [[none, "no such file"], [`${whole}/in`, ""]]) {
    const message = `Cannot read table "${path}": ${reason}`;
    await assertRejects(() => readRegularFile(path!, OPTIONS), Error, message);
    assertThrows(() => readRegularFileSync(path!, OPTIONS), Error, message);
  }
});

Deno.test("readRegularText() refuses what is not UTF-8", async () => {
  using at = temporaryFolder();
  await Deno.writeFile(`${at.path}/latin`, new Uint8Array([0xe9]));
  const message = `Cannot read table "${at.path}/latin": it is not UTF-8`;
  await assertRejects(() => readRegularText(`${at.path}/latin`, OPTIONS), SyntaxError, message);
});
