import { assert, assertEquals, assertRejects } from "@std/assert";
import { crc32 } from "node:zlib";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTorchFile } from "../../lib/checkpoints/torch_file.ts";
import { readZipEntries, storedPosition } from "../../lib/files/zip.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const FOLDER = new URL("../fixtures/torch", import.meta.url).pathname;
const VALUES = JSON.parse(await Deno.readTextFile(`${FOLDER}/values.json`)) as Record<
  string,
  [number[], number[]]
>;

for (const name of ["zip.bin", "legacy.bin", "nosum.bin"]) {
  Deno.test(`openTorchFile() reads every view of ${name} as torch does, whole and in parts`, async () => {
    using source = await openTorchFile(`${FOLDER}/${name}`);
    assertEquals([...source.tensors.keys()], Object.keys(VALUES));
    for (const [key, [shape, expected]] of Object.entries(VALUES)) {
      const tensor = source.tensors.get(key)!;
      assertEquals([tensor.shape, tensor.isReadable], [shape, !["long", "bool"].includes(key)]);
      if (!tensor.isReadable) {
        await assertRejects(() => source.read(key, new Float32Array(1), 0), TypeError, `"${key}" as floats`);
        continue;
      }
      for (const step of [expected.length, 1, 2]) {
        const values = new Float32Array(expected.length);
        for (let at = 0; at < values.length; at += step) {
          await source.read(key, values.subarray(at, at + step), at);
        }
        assertEquals(values, Float32Array.from(expected));
      }
    }
  });
}

Deno.test("loadModel() gives the same weights from pytorch_model.bin, tied twice, as from safetensors", async () => {
  using plain = await loadModel(`${FOLDER}/../gpt2/plain`);
  using torch = await loadModel(`${FOLDER}/gpt2`);
  assertEquals(Object.keys(torch.model.weights), Object.keys(plain.model.weights));
  for (const [name, weight] of Object.entries(plain.model.weights)) {
    assertEquals(torch.model.weights[name]!.dataSync(), weight.dataSync());
  }
  assertEquals(torch.dtype, "F32");
});

/** The error of opening and reading all of a changed file. */
async function readError(bytes: Uint8Array): Promise<string> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes);
    const error = await assertRejects(async () => {
      using source = await openTorchFile(path);
      for (const [name, { shape, isReadable }] of source.tensors) {
        const values = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
        if (isReadable) await source.read(name, values, 0);
      }
    }, SyntaxError);
    return error.message.replace(path, "F");
  } finally {
    await Deno.remove(path);
  }
}

for (const name of ["zip.bin", "legacy.bin"]) {
  Deno.test(`openTorchFile() refuses ${name} cut anywhere`, async () => {
    const whole = await Deno.readFile(`${FOLDER}/${name}`);
    for (let length = 0; length < whole.length; length += 7) {
      const message = await readError(whole.subarray(0, length));
      assert(message.startsWith("Cannot read "), message);
    }
    await readError(whole.subarray(0, whole.length - 1));
  });
}

/** An archive of stored entries, as torch writes them, with CRCs unless told otherwise. */
function archive(
  entries: readonly { name: string; data: Uint8Array; crc?: number; at?: number; localName?: string }[],
) {
  const parts: Uint8Array[] = [], directory: Uint8Array[] = [];
  let position = 0;
  const header = (
    signature: number,
    lead: number[],
    name: Uint8Array,
    size: number,
    crc: number,
    tail: number[],
  ) => {
    const view = new DataView(new ArrayBuffer(4 + 2 * lead.length + 12 + 2 + 2 * tail.length));
    view.setUint32(0, signature, true);
    lead.forEach((value, i) => view.setUint16(4 + 2 * i, value, true));
    const at = 4 + 2 * lead.length;
    [crc, size, size].forEach((value, i) => view.setUint32(at + 4 * i, value, true));
    [name.length, ...tail].forEach((value, i) => view.setUint16(at + 12 + 2 * i, value, true));
    return new Uint8Array(view.buffer);
  };
  for (const { name, data, crc = crc32(data), at = position, localName = name } of entries) {
    const [central, local] = [name, localName].map((text) => new TextEncoder().encode(text)) as [
      Uint8Array,
      Uint8Array,
    ];
    const head = header(0x04034b50, [20, 0, 0, 0, 0], local, data.length, crc, [0]);
    const place = [at & 0xffff, at >>> 16];
    directory.push(
      header(0x02014b50, [20, 20, 0, 0, 0, 0], central, data.length, crc, [0, 0, 0, 0, 0, 0, ...place]),
      central,
    );
    parts.push(head, local, data);
    position += head.length + local.length + data.length;
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, entries.length, true);
  end.setUint16(10, entries.length, true);
  end.setUint32(12, length, true);
  end.setUint32(16, position, true);
  const all = [...parts, ...directory, new Uint8Array(end.buffer)];
  return Uint8Array.from(all.flatMap((part) => [...part]));
}

const bytesOf = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const PICKLE = bytesOf(
  "\x80\x02}U\x01xctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x02tQ" +
    "K\x00K\x02\x85K\x01\x85\x89)tRs.",
);
const GOOD = [
  { name: "m/data.pkl", data: PICKLE },
  { name: "m/byteorder", data: bytesOf("little") },
  { name: "m/data/0", data: new Uint8Array(8) },
];
const replaced = (index: number, change: Partial<Parameters<typeof archive>[0][number]>) =>
  archive(GOOD.map((entry, i) => i === index ? { ...entry, ...change } : entry));

Deno.test("the archives that the cases below change are read", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, archive(GOOD));
  using source = await openTorchFile(path);
  assertEquals(source.tensors.get("x")!.shape, [2]);
});

const HOSTILE: readonly [string, Uint8Array, string][] = [
  ["no pickle", archive(GOOD.slice(1)), "it has 0 entries NAME/data.pkl, expected 1"],
  [
    "two pickles",
    archive([...GOOD, { name: "n/data.pkl", data: PICKLE }]),
    "it has 2 entries NAME/data.pkl, expected 1",
  ],
  [
    "a program",
    archive([...GOOD, { name: "m/constants.pkl", data: PICKLE }]),
    "it is a TorchScript program, expected a state dict",
  ],
  ["a name that leads out", replaced(1, { name: "m/../../x" }), 'its entry "m/../../x" is no plain name'],
  ["an absolute name", replaced(1, { name: "/etc/passwd" }), 'its entry "/etc/passwd" is no plain name'],
  ["a Windows name", replaced(1, { name: "C:\\x" }), 'its entry "C:\\\\x" is no plain name'],
  ["a name twice", archive([...GOOD, GOOD[1]!]), 'it has the entry "m/byteorder" twice'],
  ["another name in the header", replaced(2, { localName: "m/data/1" }), 'header of "m/data/0" differ'],
  ["entries at one place", replaced(2, { at: 0, localName: "m/data.pkl" }), 'header of "m/data/0" differ'],
  [
    "the wrong checksum of a pickle",
    replaced(0, { crc: 1 }),
    'its entry "m/data.pkl" has the wrong checksum',
  ],
  ["the wrong checksum of a storage", replaced(2, { crc: 1 }), 'its storage "0" has the wrong checksum'],
  ["another byte order", replaced(1, { data: bytesOf("big") }), "its byte order is not little"],
  ["a storage that is missing", archive(GOOD.slice(0, 2)), 'its storage "0" is not there'],
  [
    "a storage of another size",
    replaced(2, { data: new Uint8Array(4) }),
    'its storage "0" of 2 F32 has 4 bytes',
  ],
  [
    "a call",
    replaced(0, { data: bytesOf("cposix\nsystem\n(U\x05touchtR.") }),
    'its pickle asks for "posix.system", which is not allowed: nothing of it was run',
  ],
];

for (const [what, bytes, message] of HOSTILE) {
  Deno.test(`openTorchFile() refuses an archive with ${what}`, async () => {
    assert((await readError(bytes)).includes(message), await readError(bytes));
  });
}

Deno.test("openTorchFile() refuses overlapping and compressed entries", async () => {
  const small = { name: "m/y", data: new Uint8Array(4) };
  const outer = { name: "m/x", data: archive([small]) };
  const at = GOOD.reduce(
    (sum, { name, data }) => sum + 30 + name.length + data.length,
    30 + outer.name.length,
  );
  const overlapping = archive([...GOOD, outer, { ...small, at }]);
  assertEquals(
    await readError(overlapping),
    'Cannot read PyTorch file "F": its entry "m/y" overlaps another',
  );
  const deflated = archive(GOOD);
  const central = deflated.findLastIndex((_, i) => deflated[i] === 0x50 && deflated[i + 2] === 1);
  deflated[central + 10] = 8; // in the directory
  deflated[deflated.findLastIndex((_, i) => deflated[i] === 0x50 && deflated[i + 2] === 3) + 8] = 8; // and the header
  assertEquals(await readError(deflated), 'Cannot read PyTorch file "F": its entry "m/data/0" is compressed');
});

const MAGIC = "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
const LEGACY: readonly [string, string, string][] = [
  ["nothing", "", "its pickle asks for 1 bytes, 0 are there"],
  ["a text", "a text", "its pickle's stack is empty"],
  ["another number", "\x80\x02K\x05.", "it is no file of PyTorch's"],
  ["another protocol", `${MAGIC}K\x05.`, "it is of PyTorch's protocol 5, expected 1001"],
  ["another byte order", `${MAGIC}M\xe9\x03.}U\x0dlittle_endian\x89s.`, "its byte order is not little"],
  ["no machine", `${MAGIC}M\xe9\x03.N.`, "its byte order is not little"],
  ["a call", `${MAGIC}M\xe9\x03.cos\nsystem\n.`, 'its pickle asks for "os.system"'],
];

for (const [what, text, message] of LEGACY) {
  Deno.test(`openTorchFile() refuses an old file of ${what}`, async () => {
    const found = await readError(bytesOf(text));
    assert(found.startsWith('Cannot read PyTorch file "F": ') && found.includes(message), found);
  });
}

Deno.test("openTorchFile() refuses an old file whose storages are not those of its tensors", async () => {
  const head = `${MAGIC}M\xe9\x03.}U\x0dlittle_endian\x88s.`;
  const dict = String.fromCharCode(...PICKLE);
  const values = "\0".repeat(8);
  const two = "\x02\0\0\0\0\0\0\0";
  const cases = [
    ["]U\x010a.", two + values, null],
    ["].", "", "its list of storages is not that of its tensors"],
    ["](U\x010U\x010e.", two + values, "its list of storages is not that of its tensors"],
    ["]U\x011a.", two + values, "its list of storages is not that of its tensors"],
    ["]U\x010a.", "\x03\0\0\0\0\0\0\0" + values, 'its storage "0" has 3 elements, its tensors ask for 2'],
    ["]U\x010a.", two + values + "x", "its tensors ask for "],
    ["]U\x010a.", two + values.slice(1), "its tensors ask for "],
  ] as const;
  for (const [keys, storages, message] of cases) {
    const bytes = Uint8Array.from(head + dict + keys + storages, (char) => char.charCodeAt(0));
    if (message) assert((await readError(bytes)).includes(message), await readError(bytes));
    else {
      const path = await Deno.makeTempFile();
      await Deno.writeFile(path, bytes);
      using source = await openTorchFile(path);
      assertEquals(source.tensors.size, 1);
    }
  }
});

Deno.test("openTorchFile() refuses a changed bit in each storage that has a checksum", async () => {
  const path = `${FOLDER}/zip.bin`;
  const whole = await Deno.readFile(path);
  const entry = readZipEntries(path).find(({ name }) => name.endsWith("/data/0"))!;
  const changed = whole.slice();
  changed[storedPosition(path, entry)]! ^= 1;
  assert((await readError(changed)).includes('its storage "0" has the wrong checksum: download it again'));
});
