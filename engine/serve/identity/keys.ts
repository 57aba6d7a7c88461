import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { dirname } from 'node:path';
import { Rejection } from '../../errors.ts';
import type { Disk } from '../../host/disk.ts';
import { nodeDisk } from '../../host/node/disk.ts';

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

/** Keeps the key in one file, which the disk makes readable for its owner only. */
export function fileKeyStore(path: string, disk: Disk = nodeDisk): KeyStore {
  return {
    async load() {
      const pem = await disk.read(path);
      return pem === undefined ? undefined : Buffer.from(pem).toString('utf8');
    },
    async save(pem) {
      await disk.makeDirectory(dirname(path));
      await disk.writeAtomic(path, Buffer.from(pem, 'utf8'));
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
