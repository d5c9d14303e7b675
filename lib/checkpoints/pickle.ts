/**
 * Python's pickle, protocol 2, as a machine that executes nothing: the opcodes that torch's own restricted unpickler
 * takes, and what they name, call and build is answered by hooks, which refuse whatever they do not know.
 *
 * Every length is checked against the bytes that are left and the number of opcodes is limited, so that memory stays
 * in proportion to the file. Nested values are kept on a stack, never by recursion. Source: CPython's pickletools.
 *
 * @module
 */
import type { PickleInput } from "./pickle_input.ts";

/** What a pickle's names, calls and references mean; each throws what it does not allow. */
export interface PickleHooks {
  /** What stands for a class or function. */
  find(module: string, name: string): unknown;
  /** What a call gives. */
  call(callable: unknown, args: readonly unknown[]): unknown;
  /** Sets a state on an object. */
  build(target: unknown, state: unknown): void;
  /** What a reference outside the pickle means. */
  load(reference: unknown): unknown;
  /** Refuses the file. */
  refuse(what: string): never;
}

/** A dict: keys as they are, in order. */
export type PickleDict = Map<unknown, unknown>;

/** Enough for 100,000 tensors. */
const MAX_OPCODES = 8_000_000;
const MARK = Symbol("mark");

/**
 * Reads one pickle, up to its STOP.
 *
 * @throws whatever `hooks.refuse` throws
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { PickleInput } from "./pickle_input.ts";
 *
 * const refuse = (what: string): never => {
 *   throw new SyntaxError(what);
 * };
 * const find = (module: string, name: string) => refuse(`asks for ${module}.${name}`);
 * const hooks = { find, refuse, call: refuse, build: refuse, load: refuse } as unknown as PickleHooks;
 * const read = (text: string) => {
 *   const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
 *   return readPickle(new PickleInput(bytes.length, (at, length) => bytes.slice(at, at + length), hooks.refuse), hooks);
 * };
 * assertEquals(read("\x80\x02}(K\x01K\x02K\x03Nu."), new Map<unknown, unknown>([[1, 2], [3, null]]));
 * assertThrows(() => read("\x80\x02cos\nsystem\n."), SyntaxError, "asks for os.system");
 * ```
 */
export function readPickle(input: PickleInput, hooks: PickleHooks): unknown {
  return new Unpickler(input, hooks).run();
}

class Unpickler {
  readonly #input: PickleInput;
  readonly #hooks: PickleHooks;
  readonly #stack: unknown[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(input: PickleInput, hooks: PickleHooks) {
    this.#input = input;
    this.#hooks = hooks;
  }

  run(): unknown {
    for (let count = 0; count < MAX_OPCODES; count++) {
      const code = this.#input.byte();
      if (code === 0x2e) return this.#pop(); // STOP
      const step = OPCODES[code];
      if (!step) {
        const at = this.#input.position - 1;
        this.#hooks.refuse(`its pickle has the opcode 0x${code.toString(16).padStart(2, "0")} at byte ${at}`);
      }
      step(this);
    }
    return this.#hooks.refuse(`its pickle has more than ${MAX_OPCODES} opcodes`);
  }

  get input(): PickleInput {
    return this.#input;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
    this.#stack.push(MARK);
  }

  /** What stands above the last mark, which goes too. */
  popMarked(): unknown[] {
    const at = this.#marks.pop();
    if (at === undefined || this.#stack[at] !== MARK) this.#hooks.refuse("its pickle's stack has no mark");
    return this.#stack.splice(at).slice(1);
  }

  tuple(size: number): void {
    const items: unknown[] = [];
    for (let i = 0; i < size; i++) items.unshift(this.#pop());
    this.push(items);
  }

  put(index: number): void {
    this.#memo.set(index, this.#top());
  }

  get(index: number): void {
    if (!this.#memo.has(index)) this.#hooks.refuse(`its pickle's memo has no entry ${index}`);
    this.push(this.#memo.get(index));
  }

  append(items: readonly unknown[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) this.#hooks.refuse("its pickle appends to what is no list");
    for (const item of items) list.push(item);
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map) || items.length % 2 !== 0) {
      this.#hooks.refuse("its pickle sets items of what is no dict");
    }
    for (let i = 0; i < items.length; i += 2) {
      if (typeof items[i] === "object" && items[i] !== null) {
        this.#hooks.refuse("its pickle has a dict with a key that is no text or number");
      }
      dict.set(items[i], items[i + 1]);
    }
  }

  global(): void {
    const [module, name] = [this.#input.line(), this.#input.line()];
    this.push(this.#hooks.find(module, name));
  }

  call(): void {
    const args = this.#pop();
    const callable = this.#pop();
    if (!Array.isArray(args)) this.#hooks.refuse("its pickle calls with what is no tuple");
    this.push(this.#hooks.call(callable, args));
  }

  build(): void {
    const state = this.#pop();
    this.#hooks.build(this.#top(), state);
  }

  load(): void {
    this.push(this.#hooks.load(this.#pop()));
  }

  protocol(): void {
    const version = this.#input.byte();
    if (version !== 2) this.#hooks.refuse(`its pickle is of protocol ${version}, expected 2`);
  }

  /** One value off the stack. */
  pop(): unknown {
    return this.#pop();
  }

  #pop(): unknown {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #top(): unknown {
    const value = this.#stack.at(-1);
    if (this.#stack.length === 0 || value === MARK) this.#hooks.refuse("its pickle's stack is empty");
    return value;
  }
}

/** A whole number of any length, two's complement, lowest byte first; a bigint where a number cannot hold it. */
function long(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = value << 8n | BigInt(byte);
  value = BigInt.asIntN(8 * bytes.length, value);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** What each opcode does, by its number. */
const OPCODES: Readonly<Record<number, (machine: Unpickler) => void>> = {
  0x80: (m) => m.protocol(), // PROTO
  0x28: (m) => m.mark(), // MARK
  0x4e: (m) => m.push(null), // NONE
  0x88: (m) => m.push(true), // NEWTRUE
  0x89: (m) => m.push(false), // NEWFALSE
  0x4b: (m) => m.push(m.input.byte()), // BININT1
  0x4d: (m) => m.push(m.input.view(2).getUint16(0, true)), // BININT2
  0x4a: (m) => m.push(m.input.view(4).getInt32(0, true)), // BININT
  0x8a: (m) => m.push(long(m.input.take(m.input.byte()))), // LONG1
  0x47: (m) => m.push(m.input.view(8).getFloat64(0)), // BINFLOAT
  0x58: (m) => m.push(m.input.text(m.input.view(4).getUint32(0, true))), // BINUNICODE
  0x55: (m) => m.push(String.fromCharCode(...m.input.take(m.input.byte()))), // SHORT_BINSTRING
  0x29: (m) => m.push([]), // EMPTY_TUPLE
  0x74: (m) => m.push(m.popMarked()), // TUPLE
  0x85: (m) => m.tuple(1), // TUPLE1
  0x86: (m) => m.tuple(2), // TUPLE2
  0x87: (m) => m.tuple(3), // TUPLE3
  0x5d: (m) => m.push([]), // EMPTY_LIST
  0x61: (m) => m.append([m.pop()]), // APPEND
  0x65: (m) => m.append(m.popMarked()), // APPENDS
  0x7d: (m) => m.push(new Map()), // EMPTY_DICT
  0x8f: (m) => m.push(new Set()), // EMPTY_SET
  0x73: (m) => { // SETITEM
    const value = m.pop();
    m.setItems([m.pop(), value]);
  },
  0x75: (m) => m.setItems(m.popMarked()), // SETITEMS
  0x71: (m) => m.put(m.input.byte()), // BINPUT
  0x72: (m) => m.put(m.input.view(4).getUint32(0, true)), // LONG_BINPUT
  0x68: (m) => m.get(m.input.byte()), // BINGET
  0x6a: (m) => m.get(m.input.view(4).getUint32(0, true)), // LONG_BINGET
  0x63: (m) => m.global(), // GLOBAL
  0x52: (m) => m.call(), // REDUCE
  0x81: (m) => m.call(), // NEWOBJ
  0x62: (m) => m.build(), // BUILD
  0x51: (m) => m.load(), // BINPERSID
};
