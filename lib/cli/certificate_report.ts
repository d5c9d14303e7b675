/**
 * What `certify` and `verify` say of a certificate, for a terminal and as JSON.
 *
 * @module
 */
import type { CertificateContent } from "../report/certificate.ts";
import type { Interval } from "../metrics/bootstrap.ts";
import type { Json } from "./command.ts";
import { formatTable } from "./console.ts";

/**
 * A certificate in lines: its statement, means with intervals, and what was not reached, tried or proved.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeCertificate } from "./certificate_report.ts";
 *
 * const none = { before: null, after: null };
 * const summary = { ma: none, el_10: none, loss: none } as Parameters<typeof describeCertificate>[0]["summary"];
 * const said = { statement: "All erased.", not_reached: [], not_tried: ["depth: no"], does_not_prove: "" };
 * const lines = describeCertificate({ ...said, summary });
 * assertEquals([lines[0], lines.at(-1)], ["All erased.", "not tried: depth: no"]);
 * ```
 */
export function describeCertificate(
  { statement, summary, not_reached, not_tried }: Pick<
    CertificateContent,
    "statement" | "summary" | "not_reached" | "not_tried"
  >,
): string[] {
  const cell = (interval: Interval | null) =>
    interval &&
    `${interval.estimate.toFixed(4)} [${interval.low.toFixed(4)}, ${interval.high.toFixed(4)}]`;
  const rows = ([["MA", summary.ma], ["EL_10", summary.el_10], ["loss", summary.loss]] as const)
    .map(([name, { before, after }]) => [name, cell(before), cell(after)]);
  return [
    statement,
    formatTable(["", "before", "after"], rows),
    ...not_reached.map((line) => `not reached: ${line}`),
    ...not_tried.map((line) => `not tried: ${line}`),
  ];
}

/**
 * The same for --json.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { summaryOfCertificate } from "./certificate_report.ts";
 *
 * const content = { summary: { secrets: 4 }, not_reached: [], not_tried: [] } as unknown as Parameters<typeof summaryOfCertificate>[0];
 * assertEquals(summaryOfCertificate(content), { secrets: 4, not_reached: [], not_tried: [] });
 * ```
 */
export function summaryOfCertificate(
  { summary, not_reached, not_tried }: Pick<CertificateContent, "summary" | "not_reached" | "not_tried">,
): { [name: string]: Json } {
  return { ...summary as unknown as { [name: string]: Json }, not_reached, not_tried };
}
