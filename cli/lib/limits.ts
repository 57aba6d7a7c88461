import { type Command, Option } from 'commander';
import type { Egress } from '../../engine/index.ts';
import { count, list, seconds } from './option.ts';

/**
 * What a host allows: how long the functions of its modules may run, where they may send requests, and whose tokens it
 * takes beside its own, and how much it keeps in memory.
 */
export interface LimitOptions {
  readonly egress: Egress;
  readonly reducerLimit: number;
  readonly procedureLimit: number;
  readonly issuers: readonly string[];
  readonly memoryMaxMib?: number;
}

export function withLimits(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--egress <where>',
        'where procedures may send requests: to public addresses, also to private and loopback ones, or nowhere',
      )
        .choices(['public', 'anywhere', 'nowhere'])
        .default('public')
        .env('HELIX_EGRESS'),
    )
    .addOption(
      new Option(
        '--reducer-limit <seconds>',
        'how long a reducer may run, or a procedure hold a transaction, before it is undone',
      )
        .argParser(seconds)
        .default(10)
        .env('HELIX_REDUCER_LIMIT'),
    )
    .addOption(
      new Option('--procedure-limit <seconds>', 'how long a procedure or an HTTP handler may run before it is ended')
        .argParser(seconds)
        .default(600)
        .env('HELIX_PROCEDURE_LIMIT'),
    )
    .addOption(
      new Option(
        '--issuers <urls>',
        'OpenID Connect issuers whose tokens are accepted too, separated by commas; or any',
      )
        .argParser(list)
        .default([], 'none')
        .env('HELIX_ISSUERS'),
    )
    .addOption(
      new Option(
        '--memory-max-mib <count>',
        'MiB of memory that rows may take before what makes them grow is refused (default: half of what the machine has)',
      )
        .argParser(count)
        .env('HELIX_MEMORY_MAX_MIB'),
    );
}

/** The same as options of a host. */
export function limitsOf({ egress, reducerLimit, procedureLimit, issuers, memoryMaxMib }: LimitOptions) {
  return {
    egress,
    callMsMax: reducerLimit * 1000,
    procedureMsMax: procedureLimit * 1000,
    issuers: issuers.includes('any') ? ('any' as const) : issuers,
    ...(memoryMaxMib === undefined ? {} : { memoryBytesMax: memoryMaxMib * 1024 * 1024 }),
  };
}
