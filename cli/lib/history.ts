import { type Command, InvalidArgumentError } from 'commander';

/** How much of a database's history a hub keeps, and how often it leaves a snapshot. */
export interface HistoryOptions {
  readonly logKeepDays: number;
  readonly snapshotAfterMib?: number;
}

const mebibyte = 1024 * 1024;

export function withHistory(command: Command): Command {
  return command
    .option('--log-keep-days <days>', 'days of history to keep, to show it and to go back to it; or all', days, 30)
    .option(
      '--snapshot-after-mib <count>',
      'MiB of log after which a snapshot is written (default: half of its size, from 64 to 1024)',
      positive,
    );
}

/** The same as options of a host. */
export function historyOf({ logKeepDays, snapshotAfterMib }: HistoryOptions) {
  return {
    logKeepDays,
    ...(snapshotAfterMib === undefined ? {} : { snapshotAfterBytes: snapshotAfterMib * mebibyte }),
  };
}

function days(text: string): number {
  if (text === 'all') return Number.POSITIVE_INFINITY;
  const value = Number(text);
  if (!(value >= 0 && text.trim() !== '')) throw new InvalidArgumentError('Expected a number of days, or all.');
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('Expected a number above 0.');
  return value;
}
