import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { EventWriter } from "../../lib/engine/event_writer.ts";
import { currentEngine } from "../../lib/engine/state.ts";

const engine = await openTensorFlow({ device: "cpu" });

/** The records of an event file: each has its length in 8 bytes, a checksum of 4, its bytes, another of 4. */
function recordsOf(path: string): Uint8Array[] {
  const bytes = Deno.readFileSync(path);
  const view = new DataView(bytes.buffer);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    records.push(bytes.subarray(at + 12, at + 12 + length));
    at += length + 16;
  }
  return records;
}

function holds(record: Uint8Array, part: Uint8Array): boolean {
  return record.some((_, at) => part.every((byte, i) => record[at + i] === byte));
}

Deno.test("EventWriter writes a record a value, by its name, and leaves no native tensor", async () => {
  const folder = join(await Deno.makeTempDir(), "événements");
  const { binding } = currentEngine();
  const before = binding.handleCount;
  {
    using events = new EventWriter(folder);
    events.scalars(3, { "loss/forget": -0.25, ma: null, "ce, zweite Häl\u{1f600}fte": 7 });
    events.flush();
    assertEquals(recordsOf(fileIn(folder)).length, 3); // the first is the format's version
    events.scalars(4, { "loss/forget": 1 });
    events[Symbol.dispose]();
  }
  const [version, first, second, third] = recordsOf(fileIn(folder));
  assert(holds(version!, new TextEncoder().encode("brain.Event:2")));
  for (
    const [record, name, value] of [[first, "loss/forget", -0.25], [
      second,
      "ce, zweite Häl\u{1f600}fte",
      7,
    ]] as const
  ) {
    assert(holds(record!, new TextEncoder().encode(name)));
    assert(holds(record!, new Uint8Array(Float32Array.of(value).buffer)));
    assert(holds(record!, Uint8Array.of(0x10, 3))); // field 2, the step
  }
  assert(holds(third!, Uint8Array.of(0x10, 4)));
  assertEquals(binding.handleCount, before);
  await Deno.remove(folder, { recursive: true });
});

function fileIn(folder: string): string {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  assertEquals(names.length, 1);
  return join(folder, names[0]!);
}

Deno.test("EventWriter says where no file can be made, and leaves nothing", async () => {
  const file = await Deno.makeTempFile();
  const { binding } = currentEngine();
  const before = binding.handleCount;
  assertThrows(() => new EventWriter(join(file, "sub")), Error, "is not a directory");
  assertEquals(binding.handleCount, before);
  await Deno.remove(file);
});

Deno.test.afterAll(() => engine[Symbol.dispose]());
