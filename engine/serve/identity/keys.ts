import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Rejection } from '../../errors.ts';

/** Where a host keeps the private key that signs its tokens. */
export interface KeyStore {
  /** The PEM that `save` was given, or undefined at the first start. */
  load(): Promise<string | undefined>;
  save(pem: string): Promise<void>;
}

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicPem: string;
}

/** Loads the host's P-256 key, or makes one at the first start. @throws Rejection `signing-key` when it cannot be used */
export async function openKeys(store: KeyStore): Promise<KeyPair> {
  let pem = await store.load();
  if (pem === undefined) {
    const made = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    pem = made.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await store.save(pem);
  }
  const privateKey = parse(pem);
  const publicKey = createPublicKey(privateKey);
  return { privateKey, publicKey, publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

/** Keeps the key in one file that only its owner can read. */
export function fileKeyStore(path: string): KeyStore {
  return {
    async load() {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async save(pem) {
      await mkdir(dirname(path), { recursive: true });
      // Written beside and renamed, so that a crash leaves either no key or a whole one.
      await writeFile(`${path}.tmp`, pem, { mode: 0o600, flush: true });
      await rename(`${path}.tmp`, path);
    },
  };
}

function parse(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new Rejection('signing-key', 'The signing key is not a PEM private key. Restore it from a backup.', {
      cause,
    });
  }
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Rejection('signing-key', `The signing key is ${key.asymmetricKeyType}, expected an EC key on P-256.`);
  }
  return key;
}
