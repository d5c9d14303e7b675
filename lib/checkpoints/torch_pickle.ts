/**
 * What PyTorch's pickles of weights mean: an ordered dict of names and tensors, tensors as views of storages, storages
 * by their keys. Only the few names below are known; any other is refused before anything is done with it.
 *
 * @module
 */
import { type PickleDict, type PickleHooks, readPickle } from "./pickle.ts";
import type { PickleInput } from "./pickle_input.ts";

/** A storage that a pickle refers to: elements of one type, in a file elsewhere. */
export interface TorchStorage {
  /** Its name in the archive. */
  key: string;
  /** The type of its elements, as safetensors spells it. */
  dtype: keyof typeof TORCH_BYTES;
  /** How many there are. */
  elements: number;
}

/** A view of a storage. */
export interface TorchView {
  /** Where its elements are. */
  storage: TorchStorage;
  /** The element that it begins with. */
  offset: number;
  /** Its dimensions. */
  shape: readonly number[];
  /** Elements from one index to the next, for each dimension. */
  strides: readonly number[];
}

/** Bytes of one element of a storage. */
export const TORCH_BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 };

class StorageType {
  constructor(readonly dtype: TorchStorage["dtype"]) {}
}

class Tensor {
  constructor(readonly view: TorchView) {}
}

const GLOBALS: Readonly<Record<string, unknown>> = {
  "collections.OrderedDict": orderedDict,
  "torch._utils._rebuild_tensor_v2": rebuildTensor,
  "torch._utils._rebuild_parameter": rebuildParameter,
  "torch.DoubleStorage": new StorageType("F64"),
  "torch.FloatStorage": new StorageType("F32"),
  "torch.HalfStorage": new StorageType("F16"),
  "torch.BFloat16Storage": new StorageType("BF16"),
  "torch.LongStorage": new StorageType("I64"),
  "torch.IntStorage": new StorageType("I32"),
  "torch.ShortStorage": new StorageType("I16"),
  "torch.CharStorage": new StorageType("I8"),
  "torch.ByteStorage": new StorageType("U8"),
  "torch.BoolStorage": new StorageType("BOOL"),
};

type Refuse = (what: string) => never;
type Rebuild = (args: readonly unknown[], refuse: Refuse) => unknown;

/**
 * The tensors of a pickled state dict, by name; every view lies inside its storage and has no element twice.
 *
 * @throws {SyntaxError} when the pickle is malformed, names anything else than tensors, or a tensor is no such view
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { PickleInput } from "./pickle_input.ts";
 *
 * const bytes = new TextEncoder().encode("cbuiltins\neval\n.");
 * const refuse = (what: string): never => {
 *   throw new SyntaxError(what);
 * };
 * const input = new PickleInput(bytes.length, (at, length) => bytes.slice(at, at + length), refuse);
 * assertThrows(() => readStateDict(input, refuse), SyntaxError, 'its pickle asks for "builtins.eval"');
 * ```
 */
export function readStateDict(input: PickleInput, refuse: Refuse): Map<string, TorchView> {
  const root = readTorchPickle(input, refuse);
  if (!(root instanceof Map)) refuse("it holds no dict of tensors");
  const views = new Map<string, TorchView>();
  for (const [name, value] of root as PickleDict) {
    if (typeof name !== "string") refuse(`it has the key ${String(name)}, expected names of tensors`);
    if (!(value instanceof Tensor)) refuse(`its "${name}" is no tensor`);
    checkView(name, value.view, refuse);
    views.set(name, value.view);
  }
  return views;
}

/**
 * Any pickle that PyTorch's files consist of.
 *
 * @throws {SyntaxError} as `readStateDict`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { PickleInput } from "./pickle_input.ts";
 *
 * const bytes = Uint8Array.of(0x80, 2, 0x4d, 0xe9, 3, 0x2e);
 * const refuse = (what: string): never => {
 *   throw new SyntaxError(what);
 * };
 * const input = new PickleInput(6, (at, length) => bytes.slice(at, at + length), refuse);
 * assertEquals(readTorchPickle(input, refuse), 1001);
 * ```
 */
export function readTorchPickle(input: PickleInput, refuse: Refuse): unknown {
  const hooks: PickleHooks = {
    refuse,
    find(module, name) {
      const path = `${module}.${name}`;
      if (Object.hasOwn(GLOBALS, path)) return GLOBALS[path];
      return refuse(
        `its pickle asks for ${
          JSON.stringify(path.slice(0, 200))
        }, which is not allowed: nothing of it was run`,
      );
    },
    call(callable, args) {
      if (typeof callable !== "function") refuse("its pickle calls what is no function");
      return (callable as Rebuild)(args, refuse);
    },
    build(target) {
      // an ordered dict's attributes, such as `_metadata`, say nothing about tensors
      if (!(target instanceof Map)) refuse("its pickle sets the state of what is no dict");
    },
    load: (reference) => storageOf(reference, refuse),
  };
  return readPickle(input, hooks);
}

function orderedDict(args: readonly unknown[], refuse: Refuse): PickleDict {
  const [pairs = [], ...rest] = args;
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string";
  if (rest.length > 0 || !Array.isArray(pairs) || !pairs.every(isPair)) {
    refuse("its pickle makes an OrderedDict of what are no pairs");
  }
  return new Map(pairs as [unknown, unknown][]);
}

function rebuildParameter(args: readonly unknown[], refuse: Refuse): unknown {
  if (!(args[0] instanceof Tensor)) refuse("its pickle makes a parameter of what is no tensor");
  return args[0];
}

function rebuildTensor(args: readonly unknown[], refuse: Refuse): unknown {
  const [storage, offset, shape, strides] = args;
  const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && value as number >= 0;
  const isIndices = (list: unknown): list is number[] => Array.isArray(list) && list.every(isIndex);
  if (
    !isStorage(storage) || !isIndex(offset) || !isIndices(shape) || !isIndices(strides) ||
    shape.length !== strides.length
  ) {
    refuse("its pickle makes a tensor of no valid storage, offset, shape and strides");
  }
  return new Tensor({ storage, offset, shape, strides } as TorchView);
}

const storages = new WeakSet<object>();

function isStorage(value: unknown): value is TorchStorage {
  return typeof value === "object" && value !== null && storages.has(value);
}

/** `("storage", type, key, location, elements)`, in old files with a view of it, which is none, as the sixth. */
function storageOf(reference: unknown, refuse: Refuse): TorchStorage {
  if (!Array.isArray(reference) || reference[0] !== "storage") {
    refuse("its pickle refers to what is no storage");
  }
  const [, type, key, , elements, view = null] = reference as unknown[];
  const isCount = Number.isSafeInteger(elements) && elements as number >= 0;
  if (!(type instanceof StorageType) || typeof key !== "string" || !isCount) {
    refuse("its pickle refers to a storage without type, key and size");
  }
  if (view !== null) {
    refuse(`its storage "${key}" is a view of another, which only files before PyTorch 0.4 have`);
  }
  const storage: TorchStorage = {
    key: key as string,
    dtype: (type as StorageType).dtype,
    elements: elements as number,
  };
  storages.add(storage);
  return storage;
}

function checkView(name: string, { storage, offset, shape, strides }: TorchView, refuse: Refuse): void {
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (size === 0) return;
  const end = shape.reduce((last, dim, i) => last + (dim - 1) * strides[i]!, offset) + 1;
  if (!(end <= storage.elements)) {
    refuse(`tensor "${name}" ends at element ${end} of its storage, which has ${storage.elements}`);
  }
  if (!(size <= end - offset)) refuse(`tensor "${name}" has elements more than once, which is not supported`);
}
