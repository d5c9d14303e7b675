/**
 * A run's tables as one HTML page that needs nothing else, and its figures as files; certificates of erasure. The text of plotly.js, 1.2 MB, is
 * part of the page.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { renderReport } from "./mod.ts";
 *
 * const page = renderReport({ title: "A run", version: "CodeScrub 0.1.0" });
 * assert(page.startsWith("<!doctype html>"));
 * ```
 *
 * @module
 */
export { recoveryRows, reportedAttacks } from "./attacks.ts";
export {
  type Certificate,
  type CertificateContent,
  type CertifiedAttack,
  type CertifiedSecret,
  writeCertificate,
} from "./certificate.ts";
export { checkClaims, type CheckedClaim, CLAIM_TOLERANCES, type MeasuredSecret } from "./check_claims.ts";
export { compareMethods } from "./comparison.ts";
export { drawFigure, type DrawFigureOptions, type PictureFormat } from "./draw_figure.ts";
export { exportFigure, writeFigure, type WriteFigureOptions } from "./export_figure.ts";
export { FIGURE_NAMES, type FigureName } from "./figure_sections.ts";
export type { Check } from "./check.ts";
export { joinSecrets, type SecretSources } from "./join_secrets.ts";
export {
  type LeaderboardCell,
  type LeaderboardRow,
  type LeaderboardTexts,
  leaderboardTexts,
  renderLeaderboard,
  type RenderLeaderboardOptions,
} from "./leaderboard.ts";
export {
  LEADERBOARD_COLUMN_NAMES,
  LEADERBOARD_COLUMNS,
  type LeaderboardColumn,
  type LeaderboardColumnName,
} from "./leaderboard_columns.ts";
export { loadRun, type LoadRunOptions } from "./load_run.ts";
export { areRuns, loadRuns } from "./load_runs.ts";
export { readCertificate } from "./read_certificate.ts";
export { hasSignatureOf, signaturePath } from "./sign_certificate.ts";
export { renderReport } from "./report.ts";
export { type NamedRun, renderRunComparison } from "./run_comparison.ts";
export type { PassesOrigin, ReportedPasses, ReportedPassRate } from "./reported_passes.ts";
export { judgeRun } from "./verdict.ts";
export { type ModelCard, renderModelCard } from "./model_card.ts";
export { listMethods } from "./run_tables.ts";
export type {
  ReportedAttacks,
  ReportedExtraction,
  ReportedMeasure,
  ReportedMembership,
  ReportedResult,
  ReportedSecret,
  RunTables,
  StopCounts,
  Thresholds,
  UnlearnedModel,
} from "./run_tables.ts";
export { sweepThreshold, sweepTradeoff } from "./sweep.ts";
export { type SweepLeaderboard, sweepLeaderboards } from "./sweep_leaderboard.ts";
