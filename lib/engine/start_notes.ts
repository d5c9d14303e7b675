/**
 * Which of the lines that TensorFlow writes while it starts tell a user nothing. Whatever is not in the table is shown,
 * and so are all lines about what failed: why there is no GPU stands nowhere else.
 *
 * @module
 */

/** Lines of TensorFlow 2.21 and its older forms; information, warnings and errors alike, so each by its own words. */
const NOTES: readonly RegExp[] = [
  /^WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR$/,
  // "I0000 00:00:1795771893.492518   17485 port.cc:153] ...", before 2.17 "2026-11-27 09:27:32.334610: I tensorflow/..."
  /^(I\d{4} \d\d:\d\d:|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: I )/,
  /^To enable the following instructions: .*, in other operations, rebuild TensorFlow with the appropriate compiler flags\.$/,
  /\] TF-TRT Warning: Could not find TensorRT$/,
  // The two libraries hold the same parts, and each of them announces its own.
  /\] Unable to register cu(DNN|FFT|BLAS) factory: Attempting to register factory for plugin \w+ when one has already been registered$/,
  /\] computation placer already registered\. Please check linkage and avoid linking the same target more than once\.$/,
];

/**
 * The lines of a text that are no such note.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const note = "I0000 00:00:1795771893.492518   17485 port.cc:153] oneDNN custom operations are on.";
 * const error = "E0000 00:00:1795771893.492518   17485 cuda_platform.cc:51] failed call to cuInit: INTERNAL: CUDA error";
 * assertEquals(withoutStartNotes(`${note}\n${error}\n`), [error]);
 * ```
 */
export function withoutStartNotes(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !NOTES.some((note) => note.test(line)));
}
