import * as clack from '@clack/prompts';
import {
  firstForChat,
  type LocalServer,
  listModels,
  type NewProvider,
  type PresetName,
  presets,
  providerAt,
  withPath,
} from '../../limbs/models/index.ts';
import { Failure } from './failure.ts';

/** What the wizard is to set up. */
export interface SetupChoice extends NewProvider {
  readonly key: string | undefined;
  readonly model: string;
}

/** The terminal, or streams in its place. */
export type PromptStreams = Pick<clack.CommonOptions, 'input' | 'output'>;

/**
 * Asks a person for a server, its key and a model. `keyThere`: the key for it that is set already, if one is.
 * @throws Failure when the person gives up
 */
export async function askForSetup(
  local: readonly LocalServer[],
  keyThere: (provider: NewProvider) => Promise<string | undefined>,
  streams: PromptStreams = {},
): Promise<SetupChoice> {
  clack.intro('Which language model shall answer?', streams);
  const found = local.map((server, at) => ({
    value: `local:${at}`,
    label: `${presets[server.preset].title} on this machine`,
    hint: `${server.models.length} models`,
  }));
  const known = Object.entries(presets).map(([value, { title, hint }]) => ({ value, label: title, hint }));
  const chosen = given(
    await clack.select({ message: 'Server', options: [...found, ...known], maxItems: 12, ...streams }),
  );
  const server = chosen.startsWith('local:') ? local[Number(chosen.slice('local:'.length))] : undefined;
  if (server) {
    return { ...placeOf(server), key: undefined, model: await askForModel(server.models, streams) };
  }
  const preset = chosen as PresetName;
  const { baseUrl: template, keyEnv, hint } = presets[preset];
  const baseUrl =
    template === undefined
      ? given(await clack.text({ message: `Address (${hint})`, validate: (text) => addressProblem(text), ...streams }))
      : undefined;
  const account = template?.includes('{account}')
    ? given(await clack.text({ message: `Account (${hint})`, validate: (text) => missing(text), ...streams }))
    : undefined;
  const there = await keyThere({ preset, baseUrl, account });
  const empty =
    there !== undefined ? 'empty for the one that is set already' : keyEnv === undefined ? 'empty for none' : hint;
  const message = `Key (${empty})`;
  const key = given(await clack.password({ message, ...streams })) || undefined;
  const address = baseUrl ?? template?.replace('{account}', account ?? '') ?? '';
  const models = await listModels(providerAt(preset, withPath(address), key ?? there)).catch((): string[] => []);
  return { preset, baseUrl, account, key, model: await askForModel(models, streams) };
}

/** A server of this machine; its address only where that is not the usual one. */
export function placeOf({ preset, baseUrl }: LocalServer): NewProvider {
  return { preset, baseUrl: baseUrl === presets[preset].baseUrl ? undefined : baseUrl, account: undefined };
}

async function askForModel(models: readonly string[], streams: PromptStreams): Promise<string> {
  if (models.length === 0) return given(await clack.text({ message: 'Model, as the server calls it', ...streams }));
  const first = firstForChat(models);
  const options = models.map((value) => ({ value, label: value }));
  return given(
    await clack.select({
      message: 'Model',
      options,
      maxItems: 12,
      ...(first ? { initialValue: first } : {}),
      ...streams,
    }),
  );
}

function addressProblem(text: string | undefined): string | undefined {
  return isHttp(text ?? '') ? undefined : 'Expected an address such as http://127.0.0.1:8000/v1';
}

function missing(text: string | undefined): string | undefined {
  return text?.trim() ? undefined : 'It is part of the address';
}

export function isHttp(address: string): boolean {
  return /^https?:\/\//i.test(address) && URL.canParse(address);
}

function given(answer: string | symbol | undefined): string {
  if (typeof answer === 'symbol') throw new Failure('Nothing was written');
  return answer ?? '';
}
