import { createHash } from 'node:crypto';

const inlineScript = /<script(?![^>]*\ssrc\s*=)[^>]*>([\s\S]*?)<\/script>/gi;

/**
 * The headers that let a page load what is its own and nothing else. Connections go to the page's own host only, by HTTP
 * and by WebSocket.
 * @param html the page, when it is one: the scripts written inside it are allowed by their hashes
 */
export function securityHeaders(host: string, html: string | undefined): Record<string, string> {
  const scripts = html === undefined ? [] : [...html.matchAll(inlineScript)].map((match) => hashOf(match[1] ?? ''));
  const policy = [
    "default-src 'self'",
    ["script-src 'self' 'wasm-unsafe-eval'", ...scripts].join(' '),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    // Older browsers do not take 'self' to include the page's own WebSockets.
    `connect-src 'self' ws://${host} wss://${host}`,
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  };
}

function hashOf(script: string): string {
  return `'sha256-${createHash('sha256').update(script, 'utf8').digest('base64')}'`;
}
