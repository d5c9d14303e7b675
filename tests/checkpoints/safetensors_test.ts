import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseHeader } from "../../lib/checkpoints/safetensors.ts";
import { encodeSafetensors, fromFloat32, toFloat32 } from "./safetensors_bytes.ts";
import ROUNDED from "../fixtures/rounding.json" with { type: "json" };

/** A file of a header's text and some bytes of data. */
function fileOf(header: string | Uint8Array, dataBytes = 0, length?: bigint): Uint8Array {
  const head = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + head.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(head.length), true);
  bytes.set(head, 8);
  return bytes;
}

function entry(dtype: string, shape: string, offsets: string): string {
  return `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
}

const GOOD = `{"x":${entry("F32", "[2]", "[0,8]")}}`;

Deno.test("parseHeader() reads tensors in the order of their bytes, and the metadata", () => {
  const header = `{"b":${entry("BF16", "[2,2]", "[8,16]")},"__metadata__":{"format":"pt"},"a":${
    entry("F32", "[2]", "[0,8]")
  },"empty":${entry("F16", "[0,3]", "[16,16]")},"scalar":${entry("I64", "[]", "[16,24]")}}  `;
  const bytes = fileOf(header, 24);
  const { tensors, metadata, dataStart } = parseHeader(bytes, bytes.length, "m");
  assertEquals(tensors.map(({ name, begin, end }) => [name, begin, end]), [
    ["a", 0, 8],
    ["b", 8, 16],
    ["empty", 16, 16],
    ["scalar", 16, 24],
  ]);
  assertEquals([metadata, dataStart], [{ format: "pt" }, 8 + header.length]);
});

Deno.test("parseHeader() reads a file without tensors", () => {
  const bytes = fileOf("{}");
  assertEquals(parseHeader(bytes, bytes.length, "m"), { tensors: [], metadata: {}, dataStart: 10 });
});

Deno.test("parseHeader() refuses a file that is cut at any byte, or longer", () => {
  const whole = fileOf(GOOD, 8);
  parseHeader(whole, whole.length, "m");
  for (let length = 0; length < whole.length; length++) {
    const error = assertThrows(() => parseHeader(whole.subarray(0, length), length, "m"), SyntaxError);
    assert(error.message.startsWith('Cannot read safetensors "m": '), error.message);
    assert(error.message.includes(`file has ${length}`), `${length}: ${error.message}`);
    assert(error.message.endsWith(": download it again"), error.message);
  }
  assertThrows(
    () => parseHeader(fileOf(GOOD, 9), whole.length + 1, "m"),
    SyntaxError,
    `file has ${whole.length + 1} bytes`,
  );
});

const DAMAGED: readonly [string, Uint8Array, string][] = [
  ["a header longer than the file", fileOf("{}", 0, 1000n), "header ends at byte 1008, file has 10"],
  [
    "a header of 2^63 bytes",
    fileOf("{}", 0, 2n ** 63n),
    "its header claims 9223372036854775808 bytes, at most 100000000",
  ],
  ["a header of more than 100 MB", fileOf("{}", 0, 100_000_001n), "its header claims 100000001 bytes"],
  ["no header", fileOf(""), "its header is no JSON object"],
  ["a list", fileOf("[]"), "its header is no JSON object"],
  ["a byte order mark", fileOf("\ufeff{}"), "its header is no JSON object"],
  ["leading blanks", fileOf(" {}"), "its header is no JSON object"],
  ["broken JSON", fileOf('{"x":'), "its header is no valid JSON: "],
  ["two values", fileOf("{}{}"), "its header is no valid JSON: "],
  ["bytes that are not UTF-8", fileOf(new Uint8Array([0x7b, 0xc0, 0xaf, 0x7d])), "its header is not UTF-8"],
  [
    "a name twice",
    fileOf(`{"x":${entry("F32", "[2]", "[0,8]")},"x":${entry("F32", "[2]", "[0,8]")}}`, 8),
    'names "x" twice',
  ],
  [
    "a name twice, spelled otherwise",
    fileOf(`{"x":${entry("F32", "[2]", "[0,8]")},"\\u0078":${entry("F32", "[0]", "[0,0]")}}`, 8),
    'names "x" twice',
  ],
  [
    "a field twice",
    fileOf('{"x":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}', 8),
    'names "shape" twice',
  ],
  ["the metadata twice", fileOf('{"__metadata__":{},"__metadata__":{}}'), 'names "__metadata__" twice'],
  ["metadata that is a number", fileOf('{"__metadata__":{"a":1}}'), "its metadata must be text"],
  ["metadata that is null", fileOf('{"__metadata__":null}'), "its metadata must be text"],
  [
    "a hole before",
    fileOf(`{"x":${entry("F32", "[2]", "[4,12]")}}`, 12),
    'tensor "x" begins at byte 4, expected 0',
  ],
  [
    "a hole between",
    fileOf(`{"x":${entry("U8", "[2]", "[0,2]")},"y":${entry("U8", "[2]", "[3,5]")}}`, 5),
    'tensor "y" begins at byte 3, expected 2',
  ],
  [
    "an overlap",
    fileOf(`{"x":${entry("U8", "[2]", "[0,2]")},"y":${entry("U8", "[2]", "[1,3]")}}`, 3),
    'tensor "y" begins at byte 1, expected 2',
  ],
  [
    "the same bytes twice",
    fileOf(`{"x":${entry("U8", "[2]", "[0,2]")},"y":${entry("U8", "[2]", "[0,2]")}}`, 2),
    'tensor "y" begins at byte 0, expected 2',
  ],
  ["data before it", fileOf(`{"x":${entry("F32", "[2]", "[-8,0]")}}`, 8), "-8 is no index"],
  [
    "offsets the wrong way round",
    fileOf(`{"x":${entry("F32", "[2]", "[8,0]")}}`, 8),
    "needs 8 bytes, its offsets give -8",
  ],
  [
    "three offsets",
    fileOf(`{"x":${entry("F32", "[2]", "[0,8,8]")}}`, 8),
    'tensor "x" has no valid shape and offsets',
  ],
  [
    "a size that does not fit its bytes",
    fileOf(`{"x":${entry("F32", "[3]", "[0,8]")}}`, 8),
    'tensor "x" of F32 [3] needs 12 bytes, its offsets give 8',
  ],
  [
    "an unknown type",
    fileOf(`{"x":${entry("F31", "[2]", "[0,8]")}}`, 8),
    'tensor "x" has the unknown type "F31"',
  ],
  [
    "a type named as a method",
    fileOf(`{"x":${entry("toString", "[2]", "[0,8]")}}`, 8),
    'unknown type "toString"',
  ],
  ["no type", fileOf('{"x":{"shape":[2],"data_offsets":[0,8]}}', 8), "unknown type undefined"],
  ["null as a tensor", fileOf('{"x":null}'), "unknown type undefined"],
  ["a negative dimension", fileOf(`{"x":${entry("F32", "[-2]", "[0,8]")}}`, 8), "-2 is no index"],
  ["minus zero", fileOf(`{"x":${entry("F32", "[-0]", "[0,0]")}}`), "-0 is no index"],
  ["a fraction", fileOf(`{"x":${entry("F32", "[2.5]", "[0,8]")}}`, 8), "2.5 is no index"],
  ["a fraction of zero", fileOf(`{"x":${entry("F32", "[2.0]", "[0,8]")}}`, 8), "2.0 is no index"],
  ["an exponent", fileOf(`{"x":${entry("F32", "[2]", "[0,8e0]")}}`, 8), "8e0 is no index"],
  [
    "a huge dimension",
    fileOf(`{"x":${entry("F32", "[18446744073709551615]", "[0,8]")}}`, 8),
    "18446744073709551615 is no index",
  ],
  [
    "dimensions whose product overflows",
    fileOf(`{"x":${entry("F32", "[9007199254740991,9007199254740991]", "[0,8]")}}`, 8),
    "its offsets give 8",
  ],
  [
    "dimensions that overflow to infinity times 0",
    fileOf(`{"x":${entry("F32", `[${Array(30).fill("9007199254740991")},0]`, "[0,0]")}}`),
    "needs NaN bytes",
  ],
  [
    "a text as a dimension",
    fileOf(`{"x":${entry("F32", '["2"]', "[0,8]")}}`, 8),
    'tensor "x" has no valid shape and offsets',
  ],
  [
    "a number as the shape",
    fileOf(`{"x":${entry("F32", "2", "[0,8]")}}`, 8),
    'tensor "x" has no valid shape and offsets',
  ],
];

for (const [name, bytes, expected] of DAMAGED) {
  Deno.test(`parseHeader() refuses ${name}`, () => {
    assertThrows(
      () => parseHeader(bytes, bytes.length, "m.safetensors"),
      SyntaxError,
      `Cannot read safetensors "m.safetensors": `,
    );
    assertThrows(() => parseHeader(bytes, bytes.length, "m.safetensors"), SyntaxError, expected);
  });
}

Deno.test("parseHeader() keeps names that JavaScript objects have of their own", () => {
  const names = ["__proto__", "constructor", "toString", "", "a\\nb", "日本"];
  const header = `{${names.map((name, i) => `"${name}":${entry("U8", "[1]", `[${i},${i + 1}]`)}`)}}`;
  const bytes = fileOf(header, names.length);
  const found = parseHeader(bytes, bytes.length, "m").tensors.map(({ name }) => name);
  assertEquals(found, names.map((name) => JSON.parse(`"${name}"`)));
  assertEquals(({} as Record<string, unknown>).dtype, undefined);
});

Deno.test("parseHeader() looks for repeated names in linear time", () => {
  const header = `{${Array.from({ length: 300_000 }, (_, i) => `"t${i}":0`)},"t299999":0}`;
  const bytes = fileOf(header);
  const start = performance.now();
  assertThrows(() => parseHeader(bytes, bytes.length, "m"), SyntaxError, 'names "t299999" twice');
  assert(performance.now() - start < 20_000, "comparing each with each takes minutes");
});

Deno.test("encodeSafetensors() and parseHeader() are inverse", () => {
  const values = new Float32Array([1, -2.5, 3e-5, 65504, 0, -0]);
  const tensors = (["F32", "F16", "BF16"] as const).map((dtype) => ({
    name: `π.${dtype}`,
    shape: [2, 3],
    dtype,
    values,
  }));
  const bytes = encodeSafetensors(tensors, { format: "pt", note: "é" });
  const header = parseHeader(bytes, bytes.length, "m");
  assertEquals([header.metadata, header.dataStart % 8], [{ format: "pt", note: "é" }, 0]);
  header.tensors.forEach(({ name, dtype, begin, end }, i) => {
    const data = bytes.subarray(header.dataStart + begin, header.dataStart + end);
    assertEquals([name, data], [tensors[i]!.name, fromFloat32(values, tensors[i]!.dtype)]);
    if (dtype === "F32") assertEquals(toFloat32(data, dtype, name), values);
  });
});

Deno.test("fromFloat32() rounds to nearest even as torch does, toFloat32() widens exactly", () => {
  const wide = new Float32Array(Uint32Array.from(ROUNDED, ([bits]) => bits!).buffer);
  const bitsOf = (dtype: "F16" | "BF16") => Array.from(new Uint16Array(fromFloat32(wide, dtype).buffer));
  assertEquals(bitsOf("F16"), ROUNDED.map(([, half]) => half!));
  assertEquals(bitsOf("BF16"), ROUNDED.map(([, , brain]) => brain!));
  for (const dtype of ["F16", "BF16"] as const) {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const values = toFloat32(new Uint8Array(all.buffer), dtype, "x");
    const back = new Uint16Array(fromFloat32(values, dtype).buffer);
    all.forEach((bits, i) => {
      if (Number.isNaN(values[i]!)) {
        assert(Number.isNaN(toFloat32(new Uint8Array(back.slice(i, i + 1).buffer), dtype, "x")[0]!));
      } else if (back[i] !== bits) {
        throw new Error(`${dtype} ${bits.toString(16)} came back as ${back[i]!.toString(16)}`);
      }
    });
  }
});

Deno.test("toFloat32() refuses other types and names the tensor", () => {
  const message = 'Cannot load tensor "x": it is stored as I64, expected F32, F16 or BF16';
  assertThrows(() => toFloat32(new Uint8Array(8), "I64", "x"), TypeError, message);
});
