/**
 * The models that `attack` looks into: the one under test, the one before, and one that never saw the secrets.
 *
 * @module
 */
import type { Products } from "../engine/compile.ts";
import { type FurtherTrainer, furtherTrainer } from "../training/after_training.ts";
import type { ModelContext } from "./model_folder.ts";
import { type ModelSession, openModel } from "./session.ts";

/** Which model. */
export type ModelRole = "after" | "before";

/** Also one that is compared with alone. */
export type OpenedRole = ModelRole | "neverSeen";

/** How they are opened. */
export interface AttackedOptions {
  /** What products are computed in. */
  dtype: Products;
  /** The folder of an adapter for the model under test. */
  adapter?: string | undefined;
  context: ModelContext;
}

/**
 * The models, each opened when it is first asked for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { AttackedModels } from "./attack_models.ts";
 *
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * using models = new AttackedModels({ after: "embedded", before: undefined }, { dtype: "float32", context });
 * assertEquals([models.roles, (await models.open("after")).loaded.model.config.layers], [["after"], 4]);
 * ```
 */
export class AttackedModels implements Disposable {
  /** Those that were given and are attacked. */
  readonly roles: readonly ModelRole[];
  readonly #open = new Map<OpenedRole, { session: ModelSession; trainable: boolean }>();
  #trainer: FurtherTrainer | undefined;
  readonly #names: Partial<Record<OpenedRole, string | undefined>>;
  readonly #options: AttackedOptions;

  /** @param names their folders */
  constructor(
    names: { after: string; before: string | undefined; neverSeen?: string | undefined },
    options: AttackedOptions,
  ) {
    this.#names = names;
    this.#options = options;
    this.roles = names.before === undefined ? ["after"] : ["after", "before"];
  }

  /** Whether it was given. */
  has(role: OpenedRole): boolean {
    return this.#names[role] !== undefined;
  }

  /** The model under test, and what trains it. */
  async openTrained(): Promise<ModelSession & { trainer: FurtherTrainer }> {
    const session = await this.open("after", { trainable: true });
    return { ...session, trainer: this.#trainer ??= furtherTrainer(session.loaded.model) };
  }

  /** @param options.trainable whether weights must be kept as they are trained, not as they are multiplied */
  async open(role: OpenedRole, { trainable = false } = {}): Promise<ModelSession> {
    const { dtype, context, ...options } = this.#options;
    const known = this.#open.get(role);
    if (known && (known.trainable || !trainable)) return known.session;
    known?.session[Symbol.dispose]();
    this.#open.delete(role);
    const adapter = role === "after" ? options.adapter : undefined;
    const session = await openModel(this.#names[role]!, context, { products: dtype, trainable, adapter });
    this.#open.set(role, { session, trainable });
    return session;
  }

  [Symbol.dispose](): void {
    this.#trainer?.[Symbol.dispose]();
    for (const { session } of this.#open.values()) session[Symbol.dispose]();
  }
}
