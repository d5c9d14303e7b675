import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { crc32 } from "node:zlib";
import { readZipEntries, readZipEntry, storedPosition, type ZipEntry } from "../../lib/files/zip.ts";

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

Deno.test("readZipEntries() refuses encryption, patches, strong encryption, masked headers and other methods", async () => {
  for (const changes of [{ flags: 1 }, { flags: 0x20 }, { flags: 0x40 }, { flags: 0x2000 }, { method: 12 }]) {
    const path = await written(await makeZip(changes));
    assertThrows(() => readZipEntries(path), SyntaxError, 'entry "a.py" is encrypted or of another method');
  }
});

Deno.test("readZipEntries() refuses sizes of 64 bits that are nowhere", async () => {
  const path = await written(await makeZip({ size: 0xffffffff }));
  assertThrows(() => readZipEntries(path), SyntaxError, 'entry "a.py" has no ZIP64 sizes');
});

/** The same archive with all numbers of its directory in ZIP64 records, changed by `edit`. */
async function makeZip64(edit: (bytes: Uint8Array<ArrayBuffer>) => void = () => {}) {
  const plain = await makeZip({ method: 0 });
  const view = new DataView(plain.buffer);
  const [length, at] = [view.getUint32(plain.length - 10, true), view.getUint32(plain.length - 6, true)];
  const central = plain.slice(at, at + length);
  new DataView(central.buffer).setUint16(30, 28, true);
  central.fill(0xff, 20, 28).fill(0xff, 42, 46);
  const extra = fields([1, 2, 24, 2, CODE.length, 8, CODE.length, 8, 0, 8]);
  const total = central.length + extra.length;
  const record = fields([0x06064b50, 4, 44, 8, 45, 2, 45, 2, 0, 4, 0, 4, 1, 8, 1, 8, total, 8, at, 8]);
  const locator = fields([0x07064b50, 4, 0, 4, at + total, 8, 1, 4]);
  const end = fields([0x06054b50, 4, 0, 4, 0xffff, 2, 0xffff, 2, 0xffffffff, 4, 0xffffffff, 4, 0, 2]);
  const bytes = await new Blob([plain.subarray(0, at), central, extra, record, locator, end]).bytes();
  edit(bytes);
  return bytes;
}

Deno.test("readZipEntries() reads ZIP64, as archives over 4 GB have it, and refuses it damaged or cut", async () => {
  const bytes = await makeZip64();
  const path = await written(bytes);
  const [entry] = readZipEntries(path);
  assertEquals([entry?.size, entry?.packedSize, entry?.offset], [CODE.length, CODE.length, 0]);
  assertEquals(await readZipEntry(path, entry!), CODE);
  const recordAt = bytes.length - 22 - 20 - 56;
  const cases = [
    [bytes.length - 42, "its ZIP64 record is damaged"],
    [bytes.length - 42 + 8, "its ZIP64 record is damaged"],
    [recordAt, "its ZIP64 record is damaged"],
    [recordAt + 46, "its central directory reaches past its end"],
    [recordAt - 28, 'entry "a.py" has no ZIP64 sizes'],
  ] as const;
  for (const [at, message] of cases) {
    await Deno.writeFile(path, bytes.with(at, 0xee));
    assertThrows(() => readZipEntries(path), SyntaxError, message);
  }
  for (let length = 0; length < bytes.length; length++) {
    await Deno.writeFile(path, bytes.subarray(0, length));
    assertThrows(() => readZipEntries(path), SyntaxError, "Cannot read archive");
  }
});

Deno.test("storedPosition() gives where data lies, and refuses another name, method or place", async () => {
  const bytes = await makeZip({ method: 0 });
  const path = await written(bytes);
  const entry = readZipEntries(path)[0]!;
  const at = storedPosition(path, entry);
  assertEquals(bytes.subarray(at, at + CODE.length), CODE);
  const refuse = (change: Partial<ZipEntry>, message: string) =>
    assertThrows(() => storedPosition(path, { ...entry, ...change }), SyntaxError, message);
  refuse({ name: "b.py" }, 'the directory and the header of "b.py" differ');
  refuse({ method: 8 }, 'the directory and the header of "a.py" differ');
  refuse({ size: 1e6 }, '"a.py" reaches past its end');
  refuse({ offset: 1 }, '"a.py" is not there');
});
