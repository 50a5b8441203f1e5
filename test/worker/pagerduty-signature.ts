import { hexText } from '#core/dns/codec/octets.ts';

/** The header with which PagerDuty signs a webhook: HMAC-SHA256 of the body (developer.pagerduty.com, "Verifying Signatures"). */
export async function pagerdutySignature(body: string, secret: string): Promise<string> {
  const bytes = new TextEncoder();
  const key = await crypto.subtle.importKey(
    'raw',
    bytes.encode(secret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  return `v1=${hexText(new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes.encode(body))))}`;
}
