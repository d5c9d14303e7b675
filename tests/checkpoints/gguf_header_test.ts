import { assert, assertEquals, assertThrows } from "@std/assert";
import { readAtOf } from "../../lib/checkpoints/gguf_cursor.ts";
import { readGgufHeader } from "../../lib/checkpoints/gguf_header.ts";
import { GgufBytes, type TensorEntry } from "./gguf_bytes.ts";

const read = (bytes: Uint8Array) => readGgufHeader(readAtOf(bytes), bytes.length, "m.gguf");

/** One value of metadata of a type. */
const oneValue = (type: number) => GgufBytes.of({ metadata: 1n }).text("k").u32(type);
/** One tensor and 16 bytes of data. */
const oneTensor = (options: TensorEntry, bytes = 16) =>
  GgufBytes.of({ tensors: 1n }).tensor("x", options).data(bytes);

Deno.test("readGgufHeader() reads every type of metadata", () => {
  const file = GgufBytes.of({ version: 2, metadata: 9n })
    .text("u8").u32(0).u8(255)
    .text("i8").u32(1).u8(255)
    .text("i32").u32(5).u32(-7)
    .text("f32").u32(6).u32(0x3fc00000)
    .text("true").u32(7).u8(1)
    .text("text").u32(8).text("é😀")
    .text("u64").u32(10).u64(2n ** 64n - 1n)
    .text("i64").u32(11).u64(-1n)
    .text("__proto__").u32(9).u32(9).u64(2).u32(4).u64(1).u32(5).u32(8).u64(0);
  const { metadata, tensors } = read(file.bytes());
  assertEquals([...metadata], [
    ["u8", 255],
    ["i8", -1],
    ["i32", -7],
    ["f32", 1.5],
    ["true", true],
    ["text", "é😀"],
    ["u64", 2n ** 64n - 1n],
    ["i64", -1],
    ["__proto__", [[5], []]],
  ]);
  assertEquals(tensors.size, 0);
});

Deno.test("readGgufHeader() places tensors in the order of their bytes, rows first", () => {
  const file = GgufBytes.of({ tensors: 2n })
    .tensor("b", { sizes: [32, 2], type: 8, offset: 32 })
    .tensor("a", { sizes: [5], type: 1 })
    .data(32 + 68);
  const { tensors } = read(file);
  const start = file.length - 100;
  assertEquals(
    [...tensors.values()].map((
      { name, shape, type, begin, bytes },
    ) => [name, shape, type.name, begin, bytes]),
    [
      ["a", [5], "F16", start, 10],
      ["b", [2, 32], "Q8_0", start + 32, 68],
    ],
  );
});

Deno.test("readGgufHeader() keeps to the file's own alignment", () => {
  const file = GgufBytes.of({ tensors: 1n, metadata: 1n }).text("general.alignment").u32(4).u32(64).tensor(
    "x",
  ).data(16, 64);
  assertEquals(read(file).tensors.get("x")?.begin, 128);
});

Deno.test("readGgufHeader() refuses a file that is cut at any byte", () => {
  const whole = GgufBytes.of({ tensors: 1n, metadata: 2n })
    .text("a").u32(8).text("text")
    .text("b").u32(9).u32(5).u64(3).u32(1).u32(2).u32(3)
    .tensor("x").data(16);
  read(whole);
  for (let length = 0; length < whole.length; length++) {
    const error = assertThrows(() => read(whole.subarray(0, length)), SyntaxError);
    assert(error.message.startsWith('Cannot read GGUF "m.gguf": '), error.message);
    assert(/file has \d+/.test(error.message), `${length}: ${error.message}`);
  }
});

const DAMAGED: readonly [string, Uint8Array, string][] = [
  ["another magic word", GgufBytes.of({ magic: "GGJT" }).bytes(), 'begins with "GGJT", expected "GGUF"'],
  ["version 1", GgufBytes.of({ version: 1 }).bytes(), "version 1, expected 2 or 3"],
  ["version 4", GgufBytes.of({ version: 4 }).bytes(), "version 4, expected 2 or 3"],
  ["a big-endian file", GgufBytes.of({ version: 0x03000000 }).bytes(), "it is big-endian"],
  [
    "2^64 - 1 tensors",
    GgufBytes.of({ tensors: -1n }).bytes(),
    "the count of tensors claims 18446744073709551615",
  ],
  ["more tensors than bytes", GgufBytes.of({ tensors: 9n }).bytes(), "claims 9 items, file has 8 bytes left"],
  [
    "2^62 values of metadata",
    GgufBytes.of({ metadata: 2n ** 62n }).bytes(),
    "count of metadata claims 4611686018427387904",
  ],
  [
    "a text longer than the file",
    oneValue(8).u64(1000).bytes(),
    'metadata "k" claims 1000 items, file has 0 bytes left',
  ],
  ["a text of 2^63 bytes", oneValue(8).u64(2n ** 63n).bytes(), "claims 9223372036854775808 items"],
  [
    "an array longer than the file",
    oneValue(9).u32(4).u64(2).u32(1).bytes(),
    "claims 2 items, file has 4 bytes left",
  ],
  ["an unknown type of value", oneValue(13).bytes(), 'metadata "k" has the unknown type 13'],
  [
    "a key of two lines in one line",
    GgufBytes.of({ metadata: 1n }).text("a\nb").u32(13).bytes(),
    'metadata "a\\nb" has the unknown type 13',
  ],
  ["an unknown type of items", oneValue(9).u32(77).u64(0).bytes(), "items of the unknown type 77"],
  ["a boolean of 2", oneValue(7).u8(2).bytes(), 'metadata "k" is 2, expected 0 or 1'],
  [
    "text that is not UTF-8",
    oneValue(8).text(new Uint8Array([0xc0, 0xaf])).bytes(),
    'metadata "k" is not UTF-8',
  ],
  [
    "arrays in arrays in arrays",
    Array.from({ length: 9 }).reduce<GgufBytes>((file) => file.u32(9).u64(1), oneValue(9)).bytes(),
    "arrays more than 4 deep",
  ],
  [
    "a key twice",
    GgufBytes.of({ metadata: 2n }).text("k").u32(0).u8(1).text("k").u32(0).u8(1).bytes(),
    'has "k" twice',
  ],
  [
    "an alignment of 0",
    GgufBytes.of({ metadata: 1n }).text("general.alignment").u32(4).u32(0).bytes(),
    "alignment is 0, expected a power of two",
  ],
  [
    "an alignment of 48",
    GgufBytes.of({ metadata: 1n }).text("general.alignment").u32(4).u32(48).bytes(),
    "alignment is 48, expected a power of two",
  ],
  [
    "an alignment that is a text",
    GgufBytes.of({ metadata: 1n }).text("general.alignment").u32(8).text("32").bytes(),
    "alignment is 32, expected a power of two",
  ],
  ["no dimensions", oneTensor({ sizes: [] }, 32), 'tensor "x" has 0 dimensions'],
  ["five dimensions", oneTensor({ sizes: [1, 1, 1, 1, 1] }), "has 5 dimensions, expected 1 to 4"],
  ["2^32 - 1 dimensions", oneTensor({ dimensions: 2 ** 32 - 1 }), "has 4294967295 dimensions"],
  ["an empty tensor", oneTensor({ sizes: [0] }), "has the size [0]"],
  [
    "a product that overflows",
    oneTensor({ sizes: [2 ** 40, 2 ** 40] }),
    "has the size [1099511627776,1099511627776]",
  ],
  ["a dimension of 2^64 - 1", oneTensor({ sizes: [2n ** 64n - 1n] }), "has the size [18446744073709551615]"],
  [
    "sizes whose overflow wraps to 0",
    oneTensor({ sizes: [2n ** 32n, 2n ** 32n] }),
    "has the size [4294967296,4294967296]",
  ],
  [
    "a type that is not read",
    oneTensor({ type: 16 }),
    'tensor "x" is stored as IQ2_XXS: expected one of F32, F16, Q4_0',
  ],
  ["an unknown type", oneTensor({ type: 1000 }), "is stored as unknown type 1000: expected"],
  ["a type that was dropped", oneTensor({ type: 4 }), "is stored as unknown type 4: expected"],
  [
    "rows of broken blocks",
    oneTensor({ sizes: [48, 2], type: 2 }, 54),
    "rows of 48, expected a multiple of 32",
  ],
  [
    "rows of broken large blocks",
    oneTensor({ sizes: [32, 8], type: 12 }, 144),
    "rows of 32, expected a multiple of 256",
  ],
  [
    "data before the data",
    oneTensor({ offset: 2n ** 64n - 32n }),
    "begins at byte 18446744073709551584 of its data",
  ],
  ["a hole", oneTensor({ offset: 32 }, 48), "begins at byte 32 of the data, expected 0"],
  ["data that is not aligned", oneTensor({ offset: 4 }, 48), "begins at byte 4 of the data, expected 0"],
  ["too little data", oneTensor({}, 15), "ends at byte 80, file has 79: download it again"],
  [
    "a tensor twice",
    GgufBytes.of({ tensors: 2n }).tensor("x").tensor("x", { offset: 32 }).data(48),
    'tensor "x" is there twice',
  ],
  [
    "an overlap",
    GgufBytes.of({ tensors: 2n }).tensor("x", { sizes: [16] }).tensor("y", { offset: 32 }).data(64),
    'tensor "y" begins at byte 32 of the data, expected 64',
  ],
  [
    "the same bytes twice",
    GgufBytes.of({ tensors: 2n }).tensor("x").tensor("y").data(16),
    'tensor "y" begins at byte 0 of the data, expected 32',
  ],
];

for (const [name, bytes, expected] of DAMAGED) {
  Deno.test(`readGgufHeader() refuses ${name}`, () => {
    const error = assertThrows(() => read(bytes), SyntaxError, expected);
    assert(error.message.startsWith('Cannot read GGUF "m.gguf": '), error.message);
  });
}

Deno.test("readGgufHeader() refuses metadata of more items than a vocabulary can have", () => {
  const count = 2 ** 22 + 1;
  const start = oneValue(9).u32(0).u64(count).bytes();
  const bytes = new Uint8Array(start.length + count);
  bytes.set(start);
  assertThrows(() => read(bytes), SyntaxError, "its metadata has more than 4194304 items");
});

Deno.test("readGgufHeader() refuses more keys of metadata, and longer headers, than any model has", () => {
  const start = GgufBytes.of({ metadata: BigInt(2 ** 16 + 1) }).bytes();
  const bytes = new Uint8Array(2 ** 20);
  bytes.set(start);
  assertThrows(() => read(bytes), SyntaxError, "it claims 65537 keys of metadata, at most 65536 are allowed");
  const lengths = Array.from({ length: 5 }, (_, i) => [`k${i}`, 2 ** 26] as const);
  const pieces = new Map<number, Uint8Array>(); // what of a file of 300 MB is not zero, by its place
  let at = GgufBytes.of({ metadata: 5n }).bytes().length;
  pieces.set(0, GgufBytes.of({ metadata: 5n }).bytes());
  for (const [key, length] of lengths) {
    const head = GgufBytes.of().text(key).u32(8).u64(length).bytes().subarray(24);
    pieces.set(at, head);
    at += head.length + length;
  }
  const readAt = (position: number, target: Uint8Array) => {
    target.fill(32);
    for (const [place, piece] of pieces) {
      for (
        let i = Math.max(0, position - place);
        i < piece.length && place + i < position + target.length;
        i++
      ) {
        target[place + i - position] = piece[i]!;
      }
    }
    return target.length;
  };
  const message = "its header has more than 268435456 bytes";
  assertThrows(() => readGgufHeader(readAt, at, "m.gguf"), SyntaxError, message);
});

Deno.test("readGgufHeader() refuses a file that ends while it is read", () => {
  const bytes = oneValue(8).text("a text").bytes();
  assertThrows(
    () => readGgufHeader(readAtOf(bytes), bytes.length + 1, "m.gguf"),
    SyntaxError,
    "while it was read",
  );
});

Deno.test("readGgufHeader() reads texts longer than its window", () => {
  const text = "é".repeat(300_000);
  const bytes = oneValue(8).text(text).bytes();
  assertEquals(read(bytes).metadata.get("k"), text);
});
