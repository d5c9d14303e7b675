/**
 * Teaches a model made-up secrets and nothing else, as canaries are planted: in an epoch of one step the loss is the cross
 * entropy of the secrets' tokens and, for all others of their documents and for other code, the divergence from what the
 * model said before. A model that is fine-tuned on the documents themselves writes little else afterwards (docs/tried.md).
 *
 * @module
 */
import { loadModel } from "../../lib/checkpoints/load.ts";
import { saveModel } from "../../lib/checkpoints/save.ts";
import { openModelTokenizer } from "../../lib/checkpoints/model_tokenizer.ts";
import { openEngine } from "../../lib/cli/session.ts";
import { SECRET_COLUMNS } from "../../lib/datasets/columns.ts";
import { readCorpus } from "../../lib/datasets/corpus.ts";
import { forgetExamples } from "../../lib/datasets/examples.ts";
import { writeForgetSpans } from "../../lib/datasets/forget_spans.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { RETAIN_TOKENS } from "../../lib/datasets/token_counts.ts";
import type { Products } from "../../lib/engine/compile.ts";
import type { NewLora } from "../../lib/models/lora.ts";
import { UnlearnSteps } from "../../lib/unlearning/unlearn_steps.ts";

/** What is planted, where, and how. */
export interface PlantOptions {
  /** The model's folder or file. */
  model: string;
  /** Documents with the secrets, and their places. */
  corpus: string;
  secrets: string;
  /** Code of which the model shall say what it said. */
  held: string;
  /** The folder of the model that knows them; its adapter is merged. */
  out: string;
  dtype: Products;
  lora: NewLora | undefined;
  lr: number;
  /** At most. */
  epochs: number;
}

/** The secrets are known at this cross entropy, and other code is as it was at this divergence; nats a token. */
const [KNOWN, AS_BEFORE] = [0.02, 0.02];

/** What a nat of divergence counts beside one of the secrets' cross entropy. */
const HOLD = 4;

/** Plants them; the losses are written to stderr. */
export async function plantSecrets(
  { model: name, corpus, secrets, held, out, dtype, lora, lr, epochs }: PlantOptions,
): Promise<void> {
  using _engine = await openEngine();
  using loaded = await loadModel(name, { products: dtype, trainable: true, ...lora && { lora } });
  const { model } = loaded;
  const tokenizer = await openModelTokenizer(loaded.folder);
  const { documents } = await readCorpus(corpus);
  const places = Map.groupBy(await readRows(secrets, SECRET_COLUMNS), ({ doc_id }) => doc_id);
  const rows = [...places].map(([doc_id, own]) => ({ doc_id, window: 0, spans: writeForgetSpans(own) }));
  const others = (await readCorpus(held)).documents.map(({ text }) => text);
  const sets = {
    forget: await forgetExamples({ tokenizer, documents }, rows),
    retain: (await tokenizer.encodeIds(others)).map((ids) => ids.slice(0, RETAIN_TOKENS)),
  };
  using steps = await UnlearnSteps.create(model, sets, {
    method: {
      forget: { crossEntropySecret: 1, divergenceNormal: HOLD },
      retain: { divergenceAll: HOLD },
      isJoint: true,
    },
    ...{ lr, epochs, microBatch: 2, margin: 0, compat: "sound", endOfText: tokenizer.endOfText },
    thresholds: { ma: 0, el_10: 0 },
  });
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const { forget, retain } = await steps.run(epoch, () => Promise.resolve());
    const [own, kept] = [forget.crossEntropySecret, retain?.divergence].map((loss) => loss?.toFixed(4));
    console.error(`Planting: epoch ${epoch}, secrets ${own} nats, other code ${kept} away from before`);
    if (forget.crossEntropySecret! < KNOWN && (retain?.divergence ?? 0) < AS_BEFORE) break;
  }
  const { configJson, folder: tokenizerFolder } = loaded;
  await saveModel(model, out, { configJson, dtype: "F32", tokenizerFolder });
}
