import { assertEquals, assertThrows } from "@std/assert";
import { type PickleHooks, readPickle } from "../../lib/checkpoints/pickle.ts";
import { PickleInput } from "../../lib/checkpoints/pickle_input.ts";
import { readStateDict, readTorchPickle } from "../../lib/checkpoints/torch_pickle.ts";

const refuse = (what: string): never => {
  throw new SyntaxError(what);
};

/** Bytes of a text whose characters are bytes. */
function inputOf(text: string): PickleInput {
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  return new PickleInput(bytes.length, (at, length) => bytes.slice(at, at + length), refuse);
}

const hooks: PickleHooks = {
  refuse,
  find: (module, name) => `${module}.${name}`,
  call: (callable, args) => ["called", callable, ...args],
  build: () => {},
  load: (reference) => ({ reference }),
};

const VALUES: readonly [string, unknown][] = [
  ["N.", null],
  ["\x88.", true],
  ["\x89.", false],
  ["K\xff.", 255],
  ["M\x01\x02.", 513],
  ["J\xff\xff\xff\xff.", -1],
  ["\x8a\x00.", 0],
  ["\x8a\x01\xff.", -1],
  ["\x8a\x02\xff\x00.", 255],
  ["\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.", 1n << 64n],
  ["G\x3f\xf8\x00\x00\x00\x00\x00\x00.", 1.5],
  ["X\x02\x00\x00\x00\xc3\xa9.", "é"],
  ["U\x01\xe9.", "é"],
  [").", []],
  ["(K\x01K\x02t.", [1, 2]],
  ["K\x01\x85.", [1]],
  ["K\x01K\x02\x86.", [1, 2]],
  ["K\x01K\x02K\x03\x87.", [1, 2, 3]],
  ["]K\x01a(K\x02K\x03e.", [1, 2, 3]],
  ["}K\x01K\x02s(K\x03K\x04u.", new Map([[1, 2], [3, 4]])],
  ["\x8f.", new Set()],
  ["]q\x07K\x01ah\x07\x86.", [[1], [1]]],
  ["]r\x07\x00\x00\x01K\x01aj\x07\x00\x00\x01\x86.", [[1], [1]]],
  ["ca.b\nc\n.", "a.b.c"],
  ["ca\nb\nK\x01\x85R.", ["called", "a.b", 1]],
  ["ca\nb\n)\x81.", ["called", "a.b"]],
  ["]K\x01b.", []],
  ["K\x01Q.", { reference: 1 }],
];

Deno.test("readPickle() reads each opcode as Python does", () => {
  for (const [text, value] of VALUES) assertEquals(readPickle(inputOf("\x80\x02" + text), hooks), value);
});

const DAMAGED: readonly [string, string][] = [
  ["", "its pickle asks for 1 bytes, 0 are there"],
  ["\x80\x04N.", "its pickle is of protocol 4, expected 2"],
  ["i", "its pickle has the opcode 0x69 at byte 0"],
  ["\x93.", "its pickle has the opcode 0x93 at byte 0"],
  [".", "its pickle's stack is empty"],
  ["(.", "its pickle's stack is empty"],
  ["(\x85.", "its pickle's stack is empty"],
  ["t.", "its pickle's stack has no mark"],
  ["K\x01(R.", "its pickle's stack is empty"],
  ["h\x03.", "its pickle's memo has no entry 3"],
  ["q\x03.", "its pickle's stack is empty"],
  ["NK\x01a.", "its pickle appends to what is no list"],
  ["NK\x01K\x02s.", "its pickle sets items of what is no dict"],
  ["}(K\x01u.", "its pickle sets items of what is no dict"],
  ["}]K\x02s.", "its pickle has a dict with a key that is no text or number"],
  ["ca\nb\nNR.", "its pickle calls with what is no tuple"],
  ["X\xff\xff\xff\xffabc.", "its pickle asks for 4294967300 bytes, 9 are there"],
  ["\x8a\xff\x01.", "its pickle asks for 257 bytes, 4 are there"],
  ["X\x01\x00\x00\x00\xff.", "its pickle has a text that is not UTF-8"],
  ["ca\xff\nb\n.", "its pickle has a text that is not UTF-8"],
  [`c${"a".repeat(1001)}\nb\n.`, "its pickle has a name of over 1000 bytes"],
  ["N".repeat(8_000_000), "its pickle has more than 8000000 opcodes"],
];

for (const [text, message] of DAMAGED) {
  Deno.test(`readPickle() refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
    assertThrows(() => readPickle(inputOf(text), hooks), SyntaxError, message);
  });
}

Deno.test("readPickle() nests a million deep, and shares what is remembered, without copies", () => {
  const value = readPickle(inputOf(")" + "\x85".repeat(1_000_000) + "."), hooks);
  assertEquals(Array.isArray(value), true);
  // each list holds the one before twice: 2^40 elements to whoever writes them out
  const doubled = "]K\x01a" + "q\x00h\x00h\x00\x86".repeat(40);
  assertEquals((readPickle(inputOf(doubled + "."), hooks) as unknown[]).length, 2);
});

Deno.test("PickleInput takes no more than 100 MB, whatever the file's size", () => {
  const input = new PickleInput(2 ** 50, (_, length) => new Uint8Array(length), refuse);
  assertThrows(() => input.take(100_000_001), SyntaxError, "its pickle is longer than 100000000 bytes");
});

const TENSOR = "ctorch._utils\n_rebuild_tensor_v2\n";
const STORAGE = "(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x06tQ";
/** A dict of one tensor "x". */
const dictOf = (tensor: string) => `}U\x01x${tensor}s.`;
const tensorOf = (offset: string, shape: string, strides: string, storage = STORAGE) =>
  dictOf(`${TENSOR}(${storage}${offset}${shape}${strides}\x89)tR`);

Deno.test("readStateDict() gives views of storages", () => {
  const views = readStateDict(inputOf(tensorOf("K\x01", "K\x02\x85", "K\x03\x85")), refuse);
  const storage = { key: "0", dtype: "F32" as const, elements: 6 };
  assertEquals([...views], [["x", { storage, offset: 1, shape: [2], strides: [3] }]]);
});

const NO_TENSOR = "its pickle makes a tensor of no valid storage, offset, shape and strides";
const REFUSED: readonly [string, string][] = [
  ["N.", "it holds no dict of tensors"],
  ["}K\x01Ns.", "it has the key 1, expected names of tensors"],
  [dictOf("}"), 'its "x" is no tensor'],
  [dictOf("N"), 'its "x" is no tensor'],
  [dictOf(STORAGE), 'its "x" is no tensor'],
  [dictOf("ctorch\nFloatStorage\n"), 'its "x" is no tensor'],
  [dictOf("ctorch\nFloatStorage\n)R"), "its pickle calls what is no function"],
  [dictOf("U\x01a)R"), "its pickle calls what is no function"],
  [dictOf("]Nb"), "its pickle sets the state of what is no dict"],
  [dictOf("ccollections\nOrderedDict\nK\x01\x85R"), "its pickle makes an OrderedDict of what are no pairs"],
  [dictOf("ctorch._utils\n_rebuild_parameter\n)R"), "its pickle makes a parameter of what is no tensor"],
  [dictOf("K\x01Q"), "its pickle refers to what is no storage"],
  [
    dictOf("(U\x07storageK\x01U\x010U\x03cpuK\x06tQ"),
    "its pickle refers to a storage without type, key and size",
  ],
  [tensorOf("K\x00", ")", ")", STORAGE.replace("K\x06", "J\xff\xff\xff\xff")), "without type, key and size"],
  [
    tensorOf("K\x00", ")", ")", STORAGE.replace("K\x06", "K\x06K\x01")),
    'its storage "0" is a view of another',
  ],
  [tensorOf("K\x00", ")", ")", "}"), NO_TENSOR],
  [tensorOf("J\xff\xff\xff\xff", ")", ")"), NO_TENSOR],
  [tensorOf("K\x00", "K\x02\x85", ")"), NO_TENSOR],
  [tensorOf("K\x00", "K\x02\x85", "J\xff\xff\xff\xff\x85"), NO_TENSOR],
  [tensorOf("K\x00", "G\x3f\xf8\x00\x00\x00\x00\x00\x00\x85", "K\x01\x85"), NO_TENSOR],
  [tensorOf("K\x01", "K\x06\x85", "K\x01\x85"), 'tensor "x" ends at element 7 of its storage, which has 6'],
  [tensorOf("K\x07", ")", ")"), 'tensor "x" ends at element 8 of its storage, which has 6'],
  [tensorOf("K\x00", "J\xff\xff\xff\x7f\x85", "K\x00\x85"), 'tensor "x" has elements more than once'],
  [tensorOf("K\x00", "K\x03K\x03\x86", "K\x01K\x01\x86"), 'tensor "x" has elements more than once'],
];

for (const [text, message] of REFUSED) {
  Deno.test(`readStateDict() refuses ${JSON.stringify(text.slice(0, 60))}`, () => {
    assertThrows(() => readStateDict(inputOf(text), refuse), SyntaxError, message);
  });
}

/** What malicious files ask for: whoever runs code, opens files or sockets, or imports. */
const MALICIOUS = [
  "os.system",
  "posix.system",
  "nt.system",
  "builtins.eval",
  "builtins.exec",
  "builtins.getattr",
  "builtins.__import__",
  "__builtin__.eval",
  "subprocess.Popen",
  "runpy._run_code",
  "torch.load",
  "torch.hub.load",
  "torch._inductor.codecache.compile_file",
  "torch.serialization.load",
  "torch.jit.load",
  "numpy.testing._private.utils.runstring",
  "pip.main",
  "webbrowser.open",
  "socket.create_connection",
  "shutil.rmtree",
  "pickle.loads",
  "_pickle.loads",
  "operator.attrgetter",
  "functools.partial",
  "collections.OrderedDict.__init__",
  "collections.defaultdict",
  "torch._utils._rebuild_tensor_v2.__globals__",
  "torch.storage._load_from_bytes",
  "toString",
  "constructor.constructor",
  "__proto__.x",
];

Deno.test("readTorchPickle() refuses what malicious files ask for, by name, and runs nothing", async () => {
  const canary = `${await Deno.makeTempDir()}/canary`;
  for (const name of MALICIOUS) {
    const dot = name.lastIndexOf(".");
    const argument = `touch ${canary}`;
    const call = `c${name.slice(0, Math.max(dot, 0))}\n${name.slice(dot + 1)}\n(U${
      String.fromCharCode(argument.length)
    }${argument}tR.`;
    const asked = dot < 0 ? `.${name}` : name;
    const message = `its pickle asks for "${asked}", which is not allowed: nothing of it was run`;
    for (const prefix of ["", "\x80\x02", "}U\x01x"]) {
      assertThrows(() => readTorchPickle(inputOf(prefix + call), refuse), SyntaxError, message);
    }
  }
  assertThrows(() => Deno.statSync(canary), Deno.errors.NotFound);
});
