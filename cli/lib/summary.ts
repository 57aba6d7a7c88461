import pc from 'picocolors';
import type { Summary, SummaryBody } from '../../bindings/types.ts';
import { oneLine, printable } from './terminal.ts';

/** A summary as text for a person: the answer, where it comes from, and how it came about. */
export function formatSummary(body: SummaryBody): string {
  const parts = [printable(body.text).trimEnd(), formatCitations(body), formatFooter(body)];
  return parts.filter((part) => part !== '').join('\n\n');
}

function formatCitations({ citations }: SummaryBody): string {
  if (citations.length === 0) return '';
  const lines = citations.map(({ document, section, quote }, index) => {
    const place = oneLine(section === '' ? document : `${document} › ${section}`);
    const words = quote === '' ? '' : pc.dim(`\n      “${oneLine(quote)}”`);
    return `  [${index + 1}] ${place}${words}`;
  });
  return `${pc.bold('Sources')}\n${lines.join('\n')}`;
}

function formatFooter(body: SummaryBody): string {
  const timings = body.timings
    .map(({ name, durationMs }) => `${oneLine(name)} ${formatDuration(durationMs)}`)
    .join(', ');
  const facts = [
    oneLine(body.engine),
    body.exitCode === undefined ? '' : `exit status ${body.exitCode}`,
    body.tokensIn + body.tokensOut === 0 ? '' : `${body.tokensIn} tokens in, ${body.tokensOut} out`,
    body.costMicros === 0n ? '' : `cost ${Number(body.costMicros) / 1e6}`,
    formatDuration(body.durationMs) + (timings === '' ? '' : ` (${timings})`),
  ];
  const lines = [facts.filter((fact) => fact !== '').join(' · ')];
  if (body.note !== '') lines.push(`Note: ${oneLine(body.note)}`);
  return pc.dim(lines.join('\n'));
}

/** `850 ms`, `1.2 s`, `3 min 5 s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`;
  return `${Math.floor(durationMs / 60_000)} min ${Math.floor((durationMs % 60_000) / 1000)} s`;
}

/** The summary row as JSON: 64-bit numbers and identities as text, times in ISO 8601. */
export function summaryJson(summary: Summary): string {
  const plain = {
    ...summary,
    taskId: summary.taskId.toString(),
    tenantId: summary.tenantId.toString(),
    limb: summary.limb.toHexString(),
    at: summary.at.toDate().toISOString(),
    body: { ...summary.body, costMicros: summary.body.costMicros.toString() },
  };
  return JSON.stringify(plain, undefined, 2);
}
