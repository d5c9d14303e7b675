/** What checks apart from the tests begin with. */
import { setUpWithProgress } from "../lib/cli/commands/doctor.ts";
import { createProgress } from "../lib/cli/progress.ts";

/** Sets up what is not there yet, and shows how far that is; nothing is shown any more when it returns. */
export async function setUpFirst(): Promise<void> {
  const progress = createProgress();
  try {
    await setUpWithProgress({ progress });
  } finally {
    progress.close();
  }
}
