const secretBytes = 32;

/** Random bytes as the Standard Webhooks specification writes a secret. The hub keeps it and shows it to nobody. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(secretBytes));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}

/** A command that sends a signed delivery, for trying a hook out. */
export function curlOf(style: 'Standard' | 'GitHub', address: string, secret: string): string {
  const body = `BODY='{"hello": "world"}'`;
  if (style === 'GitHub') {
    return [
      body,
      `SIGNATURE=$(printf %s "$BODY" | openssl dgst -sha256 -hmac '${secret}' -r | cut -d' ' -f1)`,
      `curl -d "$BODY" -H 'x-github-event: ping' -H "x-hub-signature-256: sha256=$SIGNATURE" ${address}`,
    ].join('\n');
  }
  const key = `$(printf %s '${secret.slice('whsec_'.length)}' | base64 -d | od -An -v -tx1 | tr -d ' \\n')`;
  return [
    `${body} ID=msg_$(date +%s%N) TIME=$(date +%s)`,
    `SIGNATURE=$(printf %s "$ID.$TIME.$BODY" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:${key}" -binary | base64)`,
    `curl -d "$BODY" -H "webhook-id: $ID" -H "webhook-timestamp: $TIME" -H "webhook-signature: v1,$SIGNATURE" ${address}`,
  ].join('\n');
}
