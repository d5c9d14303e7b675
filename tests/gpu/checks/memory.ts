/**
 * Whether memory is given back: tensors and handles after three rounds of loading, measuring and freeing, and what the
 * card holds then.
 *
 * @module
 */
import { loadModel } from "../../../lib/checkpoints/load.ts";
import { Scorer } from "../../../lib/metrics/scorer.ts";
import type { Check } from "../check_types.ts";
import { type DeviceBytes, deviceBytes } from "../device_memory.ts";
import { EMBEDDED, embeddedTexts } from "./embedded_texts.ts";

const ROUNDS = 3;
/** What a driver or an allocator may hold more after a round, by its own pieces. */
const SLACK_BYTES = 2 ** 20;

/** Whether memory grows from the last round but one to the last, in a word, and all numbers. */
function describe(held: readonly DeviceBytes[]): string {
  const [last, before] = [held.at(-1)!, held.at(-2)!];
  const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  const verdict = last.bytes - before.bytes > SLACK_BYTES ? "grows" : last.most === 0 ? "unused" : "steady";
  const all = held.map(({ bytes }) => megabytes(bytes)).join(", ");
  return `${verdict}: ${all} MB after the rounds, ${megabytes(last.most)} at most, by ${last.by}`;
}

/** The check. */
export const MEMORY: Check = {
  name: "memory",
  seconds: 60,
  async run({ engine, isReference, quick, put, note, part }) {
    if (isReference) return await put("counts", { "tensors and handles": [0, 0] });
    const texts = await embeddedTexts(quick ? 2 : 8, 64);
    const round = async () => {
      using loaded = await loadModel(EMBEDDED);
      using scorer = new Scorer(loaded.model);
      await scorer.texts(texts, { el: !quick });
    };
    const before = engine.memory();
    for (let i = 0; i < ROUNDS; i++) await round();
    const after = engine.memory();
    await put("counts", {
      "tensors and handles": [after.tensors - before.tensors, after.handles - before.handles],
    });
    if (engine.device !== "gpu") return;
    await part("bytes", async () => {
      const held: DeviceBytes[] = []; // asked for last: a TensorFlow that is other than expected may end the process
      for (let i = 0; i < ROUNDS; i++) {
        await round();
        held.push(deviceBytes());
      }
      note("bytes", describe(held));
    });
  },
  rows: ({ device }) => [
    {
      row: "memory given back",
      what: `tensors and handles after ${ROUNDS} rounds`,
      pairs: [{ part: "counts", reference: "counts" }],
      rule: "exact",
      bound: 0,
    },
    device === "gpu"
      ? {
        row: "memory given back",
        what: "bytes of the card, round 2 to 3",
        note: "bytes",
        passes: (text) => text.startsWith("steady"),
      }
      : { row: "memory given back", what: "bytes of the card, round 2 to 3", notOffered: "there is no card" },
  ],
};
