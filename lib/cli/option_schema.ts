/**
 * Options of commands as a schema of JSON: what a file may say of them, with the bounds that the command line has.
 *
 * @module
 */
import { z } from "../npm/zod.ts";
import type { OptionSpec, OptionSpecs, OptionValue } from "./command.ts";

/** The schema of one option's value. */
export type ValueSchema = z.ZodType<OptionValue>;

/** The schema of an object of optional values. */
export type OptionsSchema<T extends z.ZodType = ValueSchema> = z.ZodObject<
  { [name: string]: z.ZodOptional<T> },
  z.core.$strict
>;

/**
 * The schema of one option's value.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { optionSchema } from "./option_schema.ts";
 *
 * const k = optionSchema({ kind: "int", describe: "rows", min: 1 });
 * assertEquals([k.safeParse(2).success, k.safeParse(0).success, k.safeParse("2").success], [true, false, false]);
 * ```
 */
export function optionSchema(spec: OptionSpec): ValueSchema {
  switch (spec.kind) {
    case "flag":
      return z.boolean();
    case "list":
      return z.array(z.string());
    case "int":
    case "float": {
      const { min = -Infinity, max = Infinity } = spec;
      const number = spec.kind === "int" ? z.int() : z.number();
      return number.min(min).max(max);
    }
    case "choice":
      return z.enum(spec.choices);
    case "path":
      return z.string().min(1);
    case "string":
      return z.string();
  }
}

/**
 * The schema of an object with some of these options, each as `wrap` makes it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { optionsSchema } from "./option_schema.ts";
 *
 * const schema = optionsSchema({ k: { kind: "int", describe: "rows" } });
 * assertEquals([schema.safeParse({}).success, schema.safeParse({ n: 1 }).success], [true, false]);
 * ```
 */
export function optionsSchema<T extends z.ZodType = ValueSchema>(
  specs: OptionSpecs,
  wrap: (own: ValueSchema) => T = (own) => own as unknown as T,
): OptionsSchema<T> {
  return z.strictObject(
    Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => [name, wrap(optionSchema(spec)).optional()]),
    ),
  );
}
