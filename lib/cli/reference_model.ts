/**
 * `unlearn --reference`: another model that divergences are measured from.
 *
 * @module
 */
import type { Products } from "../engine/compile.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { ModelSizes } from "../training/step_memory.ts";
import { weightBytesOf } from "../training/step_memory.ts";
import { otherVocabulary, type ReferenceModel } from "../unlearning/reference_model.ts";
import type { OptionSpecs } from "./command.ts";
import { modelSizes } from "./memory.ts";
import { type ModelContext, modelFolder } from "./model_folder.ts";
import { openModel } from "./session.ts";

/** The option by name. */
export const REFERENCE_MODEL_OPTION = {
  reference: {
    kind: "string",
    describe:
      "another model that divergences are measured from, of the same vocabulary; by default the model as it came",
    metavar: "MODEL",
  },
} as const satisfies OptionSpecs;

/** The sizes of the model in training and of that it is compared with. */
export interface ComparedSizes {
  model: ModelSizes;
  reference: ModelSizes;
}

/** What {@linkcode referenceSizes} needs beside the name. */
export interface ComparedModel {
  /** As `--model` names it. */
  model: string;
  /** As `--reference` does. */
  reference?: string | undefined;
  /** What products are computed in. */
  dtype: Products;
}

/**
 * The sizes of the model that another is compared with, by its configuration alone; undefined where none is named.
 *
 * @throws {RangeError} when the vocabularies are of different sizes; {Error} as `readConfig`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { referenceSizes } from "./reference_model.ts";
 *
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * const sizes = await referenceSizes({ model: "embedded", reference: "embedded", dtype: "float32" }, context);
 * assertEquals(sizes?.parameters, 4_339_200);
 * ```
 */
export async function referenceSizes(
  { model, reference, dtype }: ComparedModel,
  context: ModelContext,
): Promise<ModelSizes | undefined> {
  if (reference === undefined) return undefined;
  const [own, other] = [await sizesOf(model, context), await sizesOf(reference, context)];
  const { vocabularySize } = other.config;
  if (vocabularySize !== own.config.vocabularySize) {
    throw otherVocabulary(reference, { vocabularySize, own: own.config.vocabularySize });
  }
  return { ...other, weightBytes: weightBytesOf(dtype) };
}

async function sizesOf(model: string, context: ModelContext): Promise<ModelSizes> {
  return await modelSizes(await modelFolder(model, context));
}

/**
 * What opens the model that another is compared with; undefined where none is named.
 *
 * @param tokenizer of the model in training
 * @returns a function that throws a RangeError when a token is another
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { referenceOpener } from "./reference_model.ts";
 *
 * assertEquals(referenceOpener({ model: "embedded", dtype: "float32" }, {} as never, {} as never), undefined);
 * ```
 */
export function referenceOpener(
  { reference, dtype }: ComparedModel,
  tokenizer: Tokenizer,
  context: ModelContext,
): (() => Promise<ReferenceModel>) | undefined {
  if (reference === undefined) return undefined;
  return async () => {
    using stack = new DisposableStack();
    const session = stack.use(await openModel(reference, context, { products: dtype }));
    const { vocabularySize } = session.loaded.model.config;
    for (let id = 0; id < vocabularySize; id++) {
      if (tokenizer.token(id) !== session.tokenizer.token(id)) {
        throw otherVocabulary(reference, { token: id });
      }
    }
    const owned = stack.move();
    return { model: session.loaded.model, [Symbol.dispose]: () => owned[Symbol.dispose]() };
  };
}
