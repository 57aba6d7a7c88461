/// <reference lib="webworker" />
import { build, files, version } from '$service-worker';

// Lets the page open without the hub: it then shows what it has kept of the mesh. Whatever is live goes past it.

const self = globalThis as unknown as ServiceWorkerGlobalScope;
const cacheName = `helix-${version}`;
const shell = '/';
const assets = new Set([...build, ...files]);

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll([...assets, shell])));
});

self.addEventListener('activate', (event) => {
  const dropOthers = async (): Promise<void> => {
    const others = (await caches.keys()).filter((name) => name.startsWith('helix-') && name !== cacheName);
    await Promise.all(others.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(dropOthers());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (pathname.startsWith('/v1/') || pathname.startsWith('/_/')) return;
  if (request.mode === 'navigate') event.respondWith(page(request));
  else if (assets.has(pathname)) event.respondWith(asset(request, pathname));
});

/** The newest page, or the one that is kept when the hub, or the way to it, does not answer. */
async function page(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    if (response.status < 502) return response;
  } catch {
    // The hub is away.
  }
  return (await caches.match(shell, { cacheName })) ?? Response.error();
}

async function asset(request: Request, pathname: string): Promise<Response> {
  return (await caches.match(pathname, { cacheName })) ?? fetch(request);
}
