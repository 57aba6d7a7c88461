import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import type { Openings, Services } from '../../infra/tunnel/index.ts';
import { Failure } from './failure.ts';
import { findHome, readRunningHub } from './home.ts';

/** What every kind of tunnel is asked for. */
export interface PlanOptions {
  readonly name: string;
  readonly expose?: readonly string[];
  readonly allow?: readonly string[];
  readonly gatePort?: number;
  readonly install?: boolean;
}

export interface SecretOptions {
  readonly tokenFile?: string;
  readonly tokenEnv?: string;
}

/** `hub:3000,mcp:8765`; default: the hub that runs here. @throws Failure */
export async function servicesOf(expose: readonly string[] | undefined): Promise<Services> {
  if (expose === undefined) {
    const hub = await readRunningHub(findHome());
    return { hub: hub === undefined ? 3000 : Number(new URL(hub.url).port || 80) };
  }
  const services: Services = {};
  for (const part of expose) {
    const [, name, digits] = /^(hub|mcp|metrics):(\d{1,5})$/.exec(part) ?? [];
    const port = Number(digits);
    if (name === undefined || port < 1 || port > 65_535) {
      throw new Failure(`--expose has ${part}: expected hub:PORT, mcp:PORT or metrics:PORT, such as hub:3000`);
    }
    services[name as keyof Services] = port;
  }
  return services;
}

/** @throws Failure */
export function openingsOf(allow: readonly string[] = []): Openings {
  const openings: Openings = { web: false, pairing: false, webhooks: false };
  for (const word of allow) {
    if (!Object.hasOwn(openings, word)) throw new Failure(`--allow has ${word}: expected web, pairing or webhooks`);
    openings[word as keyof Openings] = true;
  }
  return openings;
}

export function secretOf({ tokenFile, tokenEnv }: SecretOptions): { file: string } | { env: string } | undefined {
  if (tokenFile !== undefined) return { file: resolve(tokenFile) };
  return tokenEnv === undefined ? undefined : { env: tokenEnv };
}

/** A port of loopback that nobody has now. */
export function freePort(): Promise<number> {
  return new Promise((done, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}
