import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { TokenFile, writeTokenFile } from "../../lib/training/token_file.ts";
import { Windows } from "../../lib/training/windows.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { plainBatch } from "./plain_windows.ts";

/** Documents of other lengths, some of no token. */
function drawDocuments(count: number, longest: number): Int32Array[] {
  const random = new PythonRandom(count);
  return Array.from(
    { length: count },
    () => Int32Array.from({ length: random.randbelow(longest) }, () => random.randbelow(2 ** 31 - 1)),
  );
}

/** Some at once, none, and many. */
function* batchesOf(documents: readonly Int32Array[]): Generator<Int32Array[]> {
  for (let i = 0, size = 0; i < documents.length; i += size++) yield documents.slice(i, i + size);
}

Deno.test("Windows gives from a file, and from memory, what the plain definition gives", async () => {
  using folder = temporaryFolder();
  const cases: [count: number, longest: number, batch: number, length: number][] = [
    [900, 12, 3, 32], // windows of many documents, and more than one mark
    [600, 90, 4, 16],
    [257, 2, 1, 2],
    [3, 400_000, 2, 64], // more than a buffer
    [1, 9000, 2, 100],
  ];
  for (const [count, longest, batch, length] of cases) {
    const documents = drawDocuments(count, longest);
    const path = join(folder.path, `${count}.bin`);
    await writeTokenFile(path, batchesOf(documents));
    using file = (await TokenFile.open(path))!;
    const options = { batch, length, seed: 7, endOfText: 5 };
    const [read, held] = [new Windows(file, options), new Windows(documents, options)];
    const epoch = read.stepsPerEpoch;
    assertEquals(held.stepsPerEpoch, epoch);
    for (const step of [0, 1, Math.floor(epoch / 2), epoch - 1, epoch, 2 * epoch - 1, 5 * epoch]) {
      const expected = plainBatch(documents, step, options);
      assertEquals(Array.from(read.batch(step)), expected, `${count} documents, step ${step}`);
      assertEquals(Array.from(held.batch(step)), expected, `${count} documents, step ${step}`);
    }
  }
});

Deno.test("TokenFile knows one that was cut, changed, lengthened, or whose record is none", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "token_ids.bin");
  const record = join(folder.path, "token_ids.json");
  const isThere = async () => {
    using file = await TokenFile.open(path);
    return file !== undefined;
  };
  assertEquals(await isThere(), false);
  await writeTokenFile(path, [drawDocuments(40, 30)]);
  if (Deno.build.os !== "windows") {
    assertEquals([path, record].map((file) => Deno.statSync(file).mode! & 0o777), [0o600, 0o600]);
  }
  assertEquals(Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort(), [
    "token_ids.bin",
    "token_ids.json",
  ]);
  const [bytes, text] = [Deno.readFileSync(path), Deno.readTextFileSync(record)];
  assertEquals(await isThere(), true);
  const changed = bytes.slice();
  changed[bytes.length - 3]! ^= 1; // in the lengths
  const [first] = [bytes.slice()];
  first[9]! ^= 128;
  for (const other of [bytes.slice(0, -4), changed, first, new Uint8Array([...bytes, 0, 0, 0, 0])]) {
    Deno.writeFileSync(path, other);
    assertEquals(await isThere(), false);
  }
  Deno.writeFileSync(path, bytes);
  for (
    const other of ["", "null", "[]", "{}", text.replace(/"tokens":\d+/, '"tokens":-1'), " ".repeat(9000)]
  ) {
    Deno.writeTextFileSync(record, other);
    assertEquals(await isThere(), false, other.slice(0, 20));
  }
  Deno.writeTextFileSync(record, text);
  assertEquals(await isThere(), true);
  Deno.removeSync(path);
  assertEquals(await isThere(), false);
});

Deno.test("TokenFile says that the file became shorter while it was read", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "token_ids.bin");
  await writeTokenFile(path, [[Int32Array.from([1, 2, 3])]]);
  using file = (await TokenFile.open(path))!;
  await Deno.truncate(path, 8);
  const ids = new Int32Array(3);
  assertThrows(() => file.read(0, 0, ids), Error, 'token_ids.bin": it ends at byte 8, it was longer: run');
});

Deno.test("writeTokenFile() leaves what was there where its batches fail, and nothing of its own", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "token_ids.bin");
  await writeTokenFile(path, [[Int32Array.from([1, 2, 3])]]);
  async function* failing() {
    yield [Int32Array.from([4])];
    await Promise.resolve();
    throw new SyntaxError("a shard is damaged");
  }
  await assertRejects(() => writeTokenFile(path, failing()), SyntaxError, "a shard is damaged");
  assertEquals([...Deno.readDirSync(folder.path)].length, 2);
  using file = await TokenFile.open(path);
  assert(file?.length === 1);
  const nowhere = join(folder.path, "no/token_ids.bin");
  await assertRejects(() => writeTokenFile(nowhere, []), Error, `Cannot write "`);
});
