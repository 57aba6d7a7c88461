import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { contentTypeOf } from './content-type.ts';
import { securityHeaders } from './security-headers.ts';

/** Files whose name changes with their content: SvelteKit's and Vite's. */
const hashedPath = /\/immutable\/|\/assets\/[^/]+[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;
/** What a browser may ask for by any path that the application knows. */
const fallbackPages = ['200.html', 'index.html'];
/** A missing file, a path through a file, a name that is too long, a loop of links. */
const notThereCodes: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);
const knownEncodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

interface Found {
  /** The path whose name tells the content type. */
  readonly path: string;
  readonly encoding: string | undefined;
  readonly bytes: Buffer<ArrayBuffer>;
  readonly etag: string;
}

/**
 * Serves a built web application from a directory: files as they are, `200.html` or `index.html` for every other path
 * that a browser navigates to, `.br` and `.gz` beside a file when the client takes them.
 * @param below the path that the directory is served under, such as `/_`; default the root
 */
export function serveStatic(directory: string, below = ''): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return new Response(`${request.method} is not possible here, expected GET or HEAD.`, {
        status: 405,
        headers: { allow: 'GET, HEAD' },
      });
    }
    const url = new URL(request.url);
    const root = await realpath(directory).catch(() => undefined);
    const path = url.pathname.startsWith(`${below}/`) ? safePath(url.pathname.slice(below.length)) : undefined;
    if (root === undefined || path === undefined) return notFound(url);
    const encodings = acceptedEncodings(request.headers.get('accept-encoding'));
    for (const candidate of candidates(path, request.headers.get('accept'))) {
      const found = await find(root, candidate, encodings);
      if (found !== undefined) return answer(request, url, found, root);
    }
    return notFound(url);
  };
}

/** The decoded path, or undefined for one that could leave the directory or names hidden files. */
function safePath(pathname: string): string | undefined {
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  if (path.includes('\0') || path.includes('\\')) return undefined;
  const segments = path.split('/');
  return segments.some((segment) => segment.startsWith('.') && segment !== '.well-known') ? undefined : path;
}

function candidates(path: string, accept: string | null): string[] {
  const own = path.endsWith('/') ? [`${path}index.html`] : [path, `${path}.html`, `${path}/index.html`];
  // A missing script must be a 404: answered with a page it fails in ways that mislead.
  const isNavigation = extname(path) === '' || (accept ?? '').includes('text/html');
  return isNavigation ? [...own, ...fallbackPages] : own;
}

function acceptedEncodings(header: string | null): ReadonlySet<string> {
  const accepted = (header ?? '').split(',').flatMap((part) => {
    const [name = '', ...parameters] = part.trim().toLowerCase().split(';');
    return parameters.some((parameter) => /^\s*q=0(\.0*)?\s*$/.test(parameter)) ? [] : [name.trim()];
  });
  return new Set(accepted);
}

async function find(root: string, candidate: string, encodings: ReadonlySet<string>): Promise<Found | undefined> {
  const path = join(root, candidate);
  const plain = await fileWithin(root, path);
  if (plain === undefined) return undefined;
  for (const [encoding, suffix] of knownEncodings) {
    if (!encodings.has(encoding)) continue;
    const compressed = await fileWithin(root, `${path}${suffix}`);
    if (compressed !== undefined) return { path, encoding, ...compressed };
  }
  return { path, encoding: undefined, ...plain };
}

/** Reads a regular file, unless a link leads out of the root. */
async function fileWithin(root: string, path: string): Promise<Pick<Found, 'bytes' | 'etag'> | undefined> {
  try {
    const real = await realpath(path);
    if (!real.startsWith(root + sep)) return undefined;
    const stats = await stat(real);
    if (!stats.isFile()) return undefined;
    const etag = `"${Math.trunc(stats.mtimeMs).toString(36)}-${stats.size.toString(36)}"`;
    return { bytes: await readFile(real), etag };
  } catch (error) {
    if (error instanceof Error && 'code' in error && notThereCodes.has(error.code)) return undefined;
    throw error;
  }
}

async function answer(request: Request, url: URL, found: Found, root: string): Promise<Response> {
  const contentType = contentTypeOf(found.path);
  const isPage = contentType.startsWith('text/html');
  const html = isPage ? (await fileWithin(root, found.path))?.bytes.toString('utf8') : undefined;
  const headers = new Headers({
    ...securityHeaders(url.host, html),
    'content-type': contentType,
    'cache-control': hashedPath.test(url.pathname) && !isPage ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: found.etag,
    vary: 'accept-encoding',
  });
  if (found.encoding !== undefined) headers.set('content-encoding', found.encoding);
  if (request.headers.get('if-none-match') === found.etag) return new Response(null, { status: 304, headers });
  headers.set('content-length', String(found.bytes.length));
  return new Response(request.method === 'HEAD' ? null : found.bytes, { headers });
}

function notFound(url: URL): Response {
  return new Response('Not found.', { status: 404, headers: securityHeaders(url.host, undefined) });
}
