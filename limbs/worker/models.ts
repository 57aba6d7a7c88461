import { basename, dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { watch } from 'chokidar';
import type { NoteRequest } from '../egress/index.ts';
import { messageOf } from '../errors.ts';
import { keyOf, type ModelsConfig } from '../models/config/config.ts';
import type { Environment } from '../models/config/key.ts';
import { findModels } from '../models/find.ts';
import { LiveModels } from '../models/live.ts';
import type { Log } from './log.ts';

export interface WatchedModels {
  readonly models: LiveModels;
  close(): Promise<void>;
}

export interface ModelsOptions {
  /** limb.toml, which need not be there. */
  readonly file: string;
  readonly env: Environment;
  readonly log: Log;
  /** Writes down what models are asked. */
  readonly note: NoteRequest;
  /** Hears every key that the configuration names. */
  readonly onSecret: (secret: string) => void;
  /** Hears that there are other models now. */
  readonly onModels: () => void;
}

/** A file that is being written is read when so long nothing was added. */
const quietMs = 100;

/**
 * Opens the models, and takes others whenever limb.toml, or a key file (`*.key`) beside it, has changed. A configuration that
 * does not work is told and not taken. Throws `LimbError` when the first one does not work.
 */
export async function openModels({ file, env, log, note, onSecret, onModels }: ModelsOptions): Promise<WatchedModels> {
  const read = async (): Promise<ModelsConfig> => {
    const config = await findModels(env, file);
    for (const { provider } of config.models) {
      const key = keyOf(provider);
      if (key !== undefined) onSecret(key);
    }
    return config;
  };
  const models = new LiveModels(await read(), { note });
  const readAgain = async (): Promise<void> => {
    try {
      const config = await read();
      if (isDeepStrictEqual(config, models.config)) return;
      await models.replace(config);
      log('info', `${file} has changed: other models from the next task on`);
      tell(models, log);
      onModels();
    } catch (error) {
      log('error', `${file} has changed and was not taken; the limb goes on with what it had: ${messageOf(error)}`);
    }
  };
  const watcher = watch(dirname(file), {
    depth: 0,
    ignoreInitial: true,
    awaitWriteFinish: { stabilityThreshold: quietMs, pollInterval: quietMs / 2 },
    ignored: (path) => path !== dirname(file) && path !== file && !basename(path).endsWith('.key'),
  });
  let last = Promise.resolve();
  watcher.on('all', () => {
    last = last.then(readAgain);
  });
  await new Promise<void>((resolve) => {
    watcher.once('ready', () => resolve());
    watcher.on('error', (error) => {
      log('warn', `Changes of ${file} are not noticed: ${messageOf(error)}. Start the limb again after one.`);
      resolve();
    });
  });
  tell(models, log);
  return {
    models,
    async close() {
      await watcher.close();
      await last;
      await models.close();
    },
  };
}

function tell({ config: { source, models }, name: model }: LiveModels, log: Log): void {
  log(
    'info',
    model === ''
      ? 'No language model: answers are quoted from the documents; `helix setup` adds one'
      : `Language model: ${model}, named by ${source}`,
  );
  for (const { name, provider } of models) {
    if ('missing' in provider.key) log('warn', `The model ${name} cannot be used: ${provider.key.missing}`);
  }
}
