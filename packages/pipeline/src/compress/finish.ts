import { join } from 'node:path';
import { divergence, type QualityReport, type TargetBatch, type Weighted } from '@llm/quantize';
import { disposeTree } from '@llm/tensor';
import { CliError } from '../cli/cli-error.ts';
import { digits } from '../cli/format.ts';
import { replaceText } from '../run/replace-text.ts';
import { openModel } from '../train/open-model.ts';
import { qualityHtml } from './quality-html.ts';

/** What is written must answer as what was measured. */
const MOST_KLD = 1e-5;

/** Writes the reports into the folder of a model, opens the folder again, and compares its answers with those that were measured. */
export async function finish(
  name: string, { out, made, batches, report, settings, title, subtitle }: {
    out: string; made: Weighted; batches: readonly TargetBatch[]; report: QualityReport; settings: Readonly<Record<string, unknown>>; title: string; subtitle: string;
  },
): Promise<void> {
  await replaceText(join(out, 'quality.json'), `${JSON.stringify({ settings, ...report }, null, 2)}\n`);
  await replaceText(join(out, 'report.html'), qualityHtml({ title, subtitle, settings, report }));
  const again = await openModel(out, undefined);
  try {
    const { kld, flips } = await divergence(made, again, { batches: batches.slice(0, 1) });
    if (!(kld.maximum <= MOST_KLD)) {
      throw new CliError('E_EXPORT', `llm ${name}: expected the folder to answer as the model that was measured but found a KL divergence of ${digits(kld.maximum)} nats and ${(100 * flips).toFixed(1)} % other tokens. Choose another --format, and report this.`);
    }
  } finally {
    disposeTree(again.params);
  }
}
