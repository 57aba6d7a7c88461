import { type Host, type HostOptions, openHost, Rejection } from '../../engine/index.ts';
import { Failure } from './failure.ts';

/** Opens a host for `--data` and `--listen`. @throws Failure that names the option which can help */
export async function openOwnHost(
  data: string,
  listen: { readonly host: string; readonly port: number },
  options: Omit<HostOptions, 'dataDirectory' | 'hostname' | 'port' | 'warn'>,
): Promise<Host> {
  const warn = (message: string): void => console.error(`helix: ${message}`);
  try {
    return await openHost({ ...options, dataDirectory: data, hostname: listen.host, port: listen.port, warn });
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    const address = `${listen.host}:${listen.port}`;
    const messages: Record<string, string> = {
      'data-folder-locked': `Another process serves ${data}: stop it, or choose another folder with --data`,
      'data-folder': `${error.message}; choose another folder with --data`,
      'address-in-use': `${address} is taken: choose another address with --listen`,
      'address-not-usable': `${error.message}; choose another address with --listen`,
    };
    const message = messages[error.code];
    throw message === undefined ? error : new Failure(message, { cause: error });
  }
}
