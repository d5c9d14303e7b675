/**
 * Adam as PyTorch computes it (torch.optim.Adam: bias-corrected moments, epsilon outside the root), inside a captured
 * step: gradients, moments and weights of one call.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { assign, compile, type CompiledStep } from "../engine/compile.ts";
import { select } from "../engine/kernels.ts";
import { inTurn, isInXla } from "../engine/recompute.ts";
import { BLOCK, dequantize, quantize, type QuantizedTensor } from "./quantized_moments.ts";

/** Adam's constants. */
export interface AdamOptions {
  /** Decay of the first and second moment. */
  betas: readonly [number, number];
  /** Added to the root of the second moment. Default 1e-8. */
  epsilon?: number;
  /** The gradients' global norm is cut to this; none without it. */
  maxNorm?: number;
  /** Whether moments of matrices are stored in 8 bits, see `quantized_moments.ts`. Default false. */
  in8Bits?: boolean;
}

/** Tensors of fewer numbers have moments in float32: they are few, and sensitive (Dettmers et al., 2022). */
const QUANTIZED_FROM = 4096;
/** Blocks of a tensor that are updated at once: on the way a number takes as much as some eighteen numbers. */
const BLOCKS_AT_ONCE = 2 ** 22 / BLOCK;

/** What all weights of an update have in common. */
interface Update {
  rate: Tensor;
  correction: Tensor;
  /** Whether the gradients are finite. */
  isFinite: Tensor;
  /** What gradients are cut by; null where they are not. */
  factor: Tensor | null;
}

/** A weight and its moments, in float32 or in 8 bits. */
type WeightState = Record<"weight" | "first" | "second", Tensor> | QuantizedState;
interface EachSteps {
  norm: CompiledStep<[Record<string, Tensor>], Tensor>;
  update: CompiledStep<[WeightState, Record<"gradient" | "norm" | "rates", Tensor>], Tensor>;
}
type QuantizedState = Record<"weight" | "first" | "second" | "firstScales" | "secondScales", Tensor>;

/**
 * The optimizer's state: moments by weight name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { compile } from "../engine/compile.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { w: tf.tensor1d([1, 2]) };
 * using optimizer = new Adam(weights, { betas: [0.9, 0.98] });
 * using step = compile((w: tf.Tensor, rates: tf.Tensor) => optimizer.apply({ w }, rates));
 * const norm = step(tf.tensor1d([3, -4]), optimizer.nextRates(0.5)); // the first step is one rate long
 * assertEquals([norm.dataSync()[0], ...weights.w.dataSync()], [5, 0.5, 2.5]);
 * ```
 */
export class Adam implements Disposable {
  /** First moments; those in 8 bits packed, with their scales under `NAME.scales`. */
  readonly first: Record<string, Tensor>;
  /** Second moments, likewise. */
  readonly second: Record<string, Tensor>;
  readonly #weights: Readonly<Record<string, Tensor>>;
  readonly #options: Required<Pick<AdamOptions, "betas" | "epsilon">> & AdamOptions;
  /** How many updates have been made. */
  steps = 0;
  /** Of `applyEach`. */
  #steps: EachSteps | undefined;

  /** @param weights what is trained, by name; not owned */
  constructor(weights: Readonly<Record<string, Tensor>>, options: AdamOptions) {
    this.#weights = weights;
    this.#options = { epsilon: 1e-8, ...options };
    const zeros = () =>
      Object.fromEntries(
        Object.entries(weights).flatMap(([name, weight]) => {
          if (!this.#isIn8Bits(weight)) return [[name, tf.zerosLike(weight)]];
          const blocks = Math.ceil(weight.size / BLOCK);
          return [[name, tf.zeros([blocks, BLOCK / 4])], [`${name}.scales`, tf.zeros([blocks])]];
        }),
      );
    ({ first: this.first, second: this.second } = tf.tidy(() => ({ first: zeros(), second: zeros() })));
  }

  #isIn8Bits({ size }: Tensor): boolean {
    return (this.#options.in8Bits ?? false) && size >= QUANTIZED_FROM;
  }

  /**
   * Counts an update and gives what `apply` needs of it: [learning rate / (1 - beta1^t), 1 / sqrt(1 - beta2^t)].
   *
   * @returns [2] float32; the caller disposes it
   */
  nextRates(learningRate: number): Tensor {
    this.steps++;
    const [beta1, beta2] = this.#options.betas;
    return tf.tensor1d([learningRate / (1 - beta1 ** this.steps), 1 / Math.sqrt(1 - beta2 ** this.steps)]);
  }

  /**
   * One update, inside a captured step; none where the gradients are not finite.
   *
   * @param gradients by weight name @param rates from `nextRates`
   * @returns the gradients' global norm before cutting, scalar
   */
  apply(gradients: Readonly<Record<string, Tensor>>, rates: Tensor): Tensor {
    const norm = normOf(Object.values(gradients));
    const update = this.#updateOf(norm, rates);
    for (const name of Object.keys(this.#weights)) {
      this.#update(this.#stateOf(name), gradients[name]!, update);
    }
    return norm;
  }

  /**
   * The same update outside a captured step, weight by weight: a graph for each shape instead of one for all weights, which
   * takes the less memory the more weights there are.
   *
   * @param gradients by weight name @param rates from `nextRates`
   * @returns as `apply`; the caller disposes it
   */
  async applyEach(gradients: Readonly<Record<string, Tensor>>, rates: Tensor): Promise<Tensor> {
    const steps = this.#steps ??= this.#compileSteps();
    const all = Object.fromEntries(Object.keys(this.#weights).map((name) => [name, gradients[name]!]));
    const norm = await steps.norm.async(all);
    for (const [name, gradient] of Object.entries(all)) {
      tf.dispose(await steps.update.async(this.#stateOf(name), { gradient, norm, rates }));
    }
    return norm;
  }

  #compileSteps(): EachSteps {
    return {
      norm: compile((gradients: Record<string, Tensor>) => normOf(Object.values(gradients)), {
        name: "norm",
      }),
      update: compile((state: WeightState, given: Record<"gradient" | "norm" | "rates", Tensor>) => {
        this.#update(state, given.gradient, this.#updateOf(given.norm, given.rates));
        return given.norm;
      }, { name: "update" }),
    };
  }

  #updateOf(norm: Tensor, rates: Tensor): Update {
    const { maxNorm } = this.#options;
    const [rate, correction] = tf.unstack(rates) as [Tensor, Tensor];
    return {
      ...{ rate, correction, isFinite: tf.isFinite(norm) },
      factor: maxNorm === undefined ? null : tf.minimum(1, tf.div(maxNorm, tf.add(norm, 1e-6))),
    };
  }

  #stateOf(name: string): WeightState {
    const [weight, first, second] = [this.#weights, this.first, this.second].map((all) => all[name]!);
    const [firstScales, secondScales] = [this.first, this.second].map((all) => all[`${name}.scales`]);
    const state = { weight: weight!, first: first!, second: second! };
    return firstScales ? { ...state, firstScales, secondScales: secondScales! } : state;
  }

  #update(state: WeightState, given: Tensor, update: Update): void {
    const gradient = update.factor ? tf.mul(given, update.factor) : given;
    if ("firstScales" in state) return this.#updateIn8Bits(state, gradient, update);
    const { weight, first, second } = state;
    const next = this.#nextMoments(gradient, [first, second]);
    // each moment is there before the weight is computed of it: what is updated of itself alone needs no second memory
    const m = replace(first, next.first(), update);
    const v = replace(second, next.second(), update);
    replace(weight, this.#nextWeight(weight, [m, v], update), update);
  }

  /** Piece by piece: as soon as one is done the next one begins. Weights are updated by what is not yet rounded. */
  #updateIn8Bits(state: QuantizedState, gradient: Tensor, update: Update): void {
    const { weight, first, second, firstScales, secondScales } = state;
    const stored = [{ packed: first, scales: firstScales }, {
      packed: second,
      scales: secondScales,
    }] as const;
    const blocks = Math.ceil(weight.size / BLOCK);
    const most = isInXla() ? blocks : BLOCKS_AT_ONCE;
    const pieces = Array.from({ length: Math.ceil(blocks / most) }, (_, i) => i * most);
    const done: { weight: Tensor; moments: [QuantizedTensor, QuantizedTensor] }[] = [];
    for (const from of pieces) {
      const last = done.slice(-1).map((piece) => piece.weight);
      const [w, g, ...others] = inTurn(
        [weight, gradient, ...stored.flatMap(({ packed, scales }) => [packed, scales])],
        last,
      ) as [Tensor, Tensor, ...Tensor[]];
      const count = Math.min(most, blocks - from);
      const numbers = Math.min(count * BLOCK, weight.size - from * BLOCK);
      const cut = (x: Tensor) => tf.slice(tf.reshape(x, [-1]), [from * BLOCK], [numbers]);
      const moments = [others.slice(0, 2), others.slice(2)].map(([packed, scales], k) => {
        const piece = {
          packed: tf.slice(packed!, [from, 0], [count, -1]),
          scales: tf.slice(scales!, [from], [count]),
        };
        return dequantize(piece, [numbers], { isSigned: k === 0 });
      }) as [Tensor, Tensor];
      const next = this.#nextMoments(cut(g), moments);
      const [m, v] = [next.first(), next.second()];
      done.push({
        weight: this.#nextWeight(cut(w), [m, v], update),
        moments: [quantize(m, { isSigned: true }), quantize(v, { isSigned: false })],
      });
    }
    const join = (parts: Tensor[]) => parts.length === 1 ? parts[0]! : tf.concat(parts);
    stored.forEach(({ packed, scales }, k) => {
      replace(packed, join(done.map(({ moments }) => moments[k]!.packed)), update);
      replace(scales, join(done.map(({ moments }) => moments[k]!.scales)), update);
    });
    replace(weight, tf.reshape(join(done.map((piece) => piece.weight)), weight.shape), update);
  }

  #nextMoments(gradient: Tensor, [first, second]: readonly [Tensor, Tensor]) {
    const { betas: [beta1, beta2] } = this.#options;
    return {
      first: () => tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1)),
      second: () => tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2)),
    };
  }

  #nextWeight(
    weight: Tensor,
    [first, second]: readonly [Tensor, Tensor],
    { rate, correction }: Update,
  ): Tensor {
    const root = tf.add(tf.mul(tf.sqrt(second), correction), this.#options.epsilon);
    return tf.sub(weight, tf.div(tf.mul(first, rate), root));
  }

  /** Forgets all updates, as if none had been made. */
  reset(): void {
    this.steps = 0;
    tf.tidy(() => {
      for (const moment of [...Object.values(this.first), ...Object.values(this.second)]) {
        assign(moment, tf.zerosLike(moment));
      }
    });
  }

  /** Frees the moments, and the captured steps of `applyEach`. */
  [Symbol.dispose](): void {
    this.#steps?.norm[Symbol.dispose]();
    this.#steps?.update[Symbol.dispose]();
    tf.dispose([this.first, this.second]);
  }
}

/** Gives a tensor another value where the gradients are finite; what it has then. */
function replace(target: Tensor, value: Tensor, { isFinite }: Update): Tensor {
  const result = select(isFinite, value, target);
  assign(target, result);
  return result;
}

/** The global norm of gradients, whose squares are summed up one after the other. */
function normOf(gradients: readonly Tensor[]): Tensor {
  const squares: Tensor[] = [];
  for (const gradient of gradients) {
    const [own] = inTurn([gradient], squares.slice(-1)) as [Tensor];
    squares.push(tf.sum(tf.square(own)));
  }
  return tf.sqrt(tf.addN(squares));
}
