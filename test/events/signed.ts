import { createHmac } from 'node:crypto';

// What senders of webhooks do, written with Node's own HMAC.

export const secret = `whsec_${Buffer.from('a secret of thirty-two bytes, all').toString('base64')}`;

export interface Delivery {
  readonly method: 'POST';
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A delivery by the Standard Webhooks specification. */
export function standard(body: string, { id = 'msg_1', atMs = Date.now(), key = secret } = {}): Delivery {
  const timestamp = `${Math.floor(atMs / 1000)}`;
  const bytes = Buffer.from(key.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', bytes).update(`${id}.${timestamp}.${body}`).digest('base64');
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
  return { method: 'POST', headers, body };
}

/** A delivery as GitHub sends it. */
export function gitHub(body: string, { event = 'push', id = 'd1', key = secret } = {}): Delivery {
  const signature = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
  const headers = { 'x-hub-signature-256': signature, 'x-github-event': event, 'x-github-delivery': id };
  return { method: 'POST', headers, body };
}
