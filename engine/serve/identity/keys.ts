import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { dirname } from 'node:path';
import { Rejection } from '../../errors.ts';
import type { Disk } from '../../host/disk.ts';
import { nodeDisk } from '../../host/node/disk.ts';

/** Where a host keeps the private key that signs its tokens. */
export interface KeyStore {
  /** What messages call it. */
  readonly name: string;
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
  const privateKey = parse(store.name, pem);
  const publicKey = createPublicKey(privateKey);
  requirePair(store.name, privateKey, publicKey);
  return { privateKey, publicKey, publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

/** Keeps the key in one file, which the disk makes readable for its owner only. */
export function fileKeyStore(path: string, disk: Disk = nodeDisk): KeyStore {
  return {
    name: path,
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

function parse(name: string, pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw damaged(name, 'it is not a PEM private key', cause);
  }
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw damaged(name, `it is ${key.asymmetricKeyType}, expected an EC key on P-256`);
}

/** The file has both halves of the key, and one may be damaged: tokens would be signed that nobody can verify. */
function requirePair(name: string, privateKey: KeyObject, publicKey: KeyObject): void {
  const probe = Buffer.from(name);
  let isPair = false;
  try {
    isPair = verify('sha256', probe, publicKey, sign('sha256', probe, privateKey));
  } catch (cause) {
    throw damaged(name, 'it cannot sign', cause);
  }
  if (!isPair) throw damaged(name, 'its two halves do not belong together');
}

function damaged(name: string, seen: string, cause?: unknown): Rejection {
  const message = `${name}, the key that signs tokens, is damaged: ${seen}. Restore it from a backup`;
  return new Rejection('signing-key', message, { cause });
}
