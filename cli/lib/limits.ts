import { type Command, Option } from 'commander';
import type { Egress } from '../../engine/index.ts';
import { seconds } from './option.ts';

/** What the functions of a hosted module may do: how long they may run, and where they may send requests. */
export interface LimitOptions {
  readonly egress: Egress;
  readonly reducerLimit: number;
  readonly procedureLimit: number;
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
    );
}

/** The same as options of a host. */
export function limitsOf({ egress, reducerLimit, procedureLimit }: LimitOptions) {
  return { egress, callMsMax: reducerLimit * 1000, procedureMsMax: procedureLimit * 1000 };
}
