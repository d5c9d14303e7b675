import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { crc32 } from "node:zlib";
import { readZipEntries, readZipEntry } from "../lib/setup_zip.ts";

const CODE = new TextEncoder().encode("x = 1\n".repeat(50));

interface Changes {
  crc?: number;
  size?: number;
  flags?: number;
  method?: number;
}

/** A ZIP archive of one file "a.py", deflated unless `method` says otherwise. */
async function makeZip(changes: Changes = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { method = 8, crc = crc32(CODE), size = CODE.length, flags = 0 } = changes;
  const deflate = new Blob([CODE]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const data = method === 0 ? CODE : await new Response(deflate).bytes();
  const name = new TextEncoder().encode("a.py");
  const shared = [
    20,
    2,
    flags,
    2,
    method,
    2,
    0,
    4,
    crc,
    4,
    data.length,
    4,
    size,
    4,
    name.length,
    2,
    0,
    2,
  ] as const;
  const local = fields([0x04034b50, 4, ...shared]);
  const central = fields([0x02014b50, 4, 20, 2, ...shared, 0, 2, 0, 2, 0, 2, 0, 4, 0, 4]);
  const at = local.length + name.length + data.length;
  const end = fields([0x06054b50, 4, 0, 4, 1, 2, 1, 2, central.length + name.length, 4, at, 4, 0, 2]);
  return await new Blob([local, name, data, central, name, end]).bytes();
}

/** Little-endian numbers: value, width, value, width ... */
function fields(numbers: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (let i = 0; i < numbers.length; i += 2) {
    for (let b = 0; b < numbers[i + 1]!; b++) bytes.push(Math.floor(numbers[i]! / 256 ** b) % 256);
  }
  return Uint8Array.from(bytes);
}

async function written(bytes: Uint8Array): Promise<string> {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, bytes);
  return path;
}

for (const [kind, method] of [["stored", 0], ["deflated", 8]] as const) {
  Deno.test(`readZipEntry() gives a ${kind} file`, async () => {
    const path = await written(await makeZip({ method }));
    const [entry] = readZipEntries(path);
    assertEquals(entry?.name, "a.py");
    assertEquals(await readZipEntry(path, entry!), CODE);
  });
}

Deno.test("readZipEntries() refuses an archive cut anywhere", async () => {
  const bytes = await makeZip();
  const path = await Deno.makeTempFile();
  for (let length = 0; length < bytes.length; length++) {
    await Deno.writeFile(path, bytes.subarray(0, length));
    assertThrows(() => readZipEntries(path), SyntaxError, "Cannot read archive");
  }
});

const DAMAGES: [string, Changes, string][] = [
  ["a wrong checksum", { crc: 1 }, "wrong length or checksum"],
  ["a length that is too long", { size: CODE.length + 1 }, "wrong length or checksum"],
  ["a length that is too short", { size: CODE.length - 1 }, "is longer than 299 bytes"],
];
for (const [what, changes, message] of DAMAGES) {
  Deno.test(`readZipEntry() refuses ${what}`, async () => {
    const path = await written(await makeZip(changes));
    const [entry] = readZipEntries(path);
    await assertRejects(() => readZipEntry(path, entry!), SyntaxError, message);
  });
}

Deno.test("readZipEntry() refuses damaged deflate data and a missing local header", async () => {
  const bytes = await makeZip();
  const path = await written(bytes.with(36, 0xff));
  const [entry] = readZipEntries(path);
  await assertRejects(() => readZipEntry(path, entry!), SyntaxError, "Cannot read archive");
  await Deno.writeFile(path, bytes.with(0, 0));
  await assertRejects(() => readZipEntry(path, entry!), SyntaxError, '"a.py" is not there');
});

Deno.test("readZipEntries() refuses encryption, other methods and ZIP64", async () => {
  for (const changes of [{ flags: 1 }, { method: 12 }, { size: 0xffffffff }]) {
    const path = await written(await makeZip(changes));
    assertThrows(() => readZipEntries(path), SyntaxError, "encrypted, of another method or over 4 GB");
  }
});
