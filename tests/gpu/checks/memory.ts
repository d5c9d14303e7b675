/**
 * Whether memory is given back: tensors and handles after three rounds of loading, measuring and freeing, and what the
 * card holds then.
 *
 * @module
 */
import { loadModel } from "../../../lib/models/load.ts";
import { Scorer } from "../../../lib/metrics/text_scores.ts";
import type { Check } from "../check_types.ts";
import { deviceBytes } from "../device_memory.ts";
import { EMBEDDED, embeddedTexts } from "./embedded_texts.ts";

const ROUNDS = 3;
/** What a driver or an allocator may hold more after a round, by its own pieces. */
const SLACK_BYTES = 2 ** 20;

/** The check. */
export const MEMORY: Check = {
  name: "memory",
  seconds: 60,
  async run({ engine, isReference, quick, put, note, part }) {
    if (isReference) return await put("counts", { "tensors and handles": [0, 0] });
    const texts = await embeddedTexts(quick ? 2 : 8, 64);
    const before = engine.memory();
    const held: { bytes: number; most: number; by: string }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      {
        using loaded = await loadModel(EMBEDDED);
        using scorer = new Scorer(loaded.model);
        await scorer.texts(texts, { el: !quick });
      }
      if (engine.device === "gpu") await part("bytes", () => void held.push(deviceBytes()));
    }
    const after = engine.memory();
    await put("counts", {
      "tensors and handles": [after.tensors - before.tensors, after.handles - before.handles],
    });
    const describe = () => {
      const growth = held.at(-1)!.bytes - held.at(-2)!.bytes;
      const megabytes = held.map(({ bytes }) => (bytes / 2 ** 20).toFixed(1)).join(", ");
      const most = (held.at(-1)!.most / 2 ** 20).toFixed(1);
      const verdict = growth > SLACK_BYTES ? "grows" : held.at(-1)!.most === 0 ? "unused" : "steady";
      return `${verdict}: ${megabytes} MB after the rounds, ${most} at most, by ${held.at(-1)!.by}`;
    };
    if (held.length === ROUNDS) note("bytes", describe());
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
