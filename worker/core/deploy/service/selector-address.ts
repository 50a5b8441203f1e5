import { z } from 'zod';
import type { Selector } from './selector.ts';

type UrlSelector = Extract<Selector, { kind: 'url' }>;
/** What the configuration has of a service's addresses. */
type Known = {
  canary?: Selector | undefined;
  baseline?: Selector | undefined;
  canaryHosts: readonly string[];
};
type Place = { isSecure: boolean; host: string };

/** In the form that a browser reads it in (WHATWG, URL), whatever was written. */
const Address = z.url({ protocol: /^https?$/, normalize: true });

/** A host, or all below a domain: `canary.example.com`, `*.previews.example.com`. */
export const HostPattern = z
  .string()
  .max(255)
  .toLowerCase()
  .regex(
    /^(?:(?:\*\.(?=[^.]+\.))?[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])$/,
    'expected a host, such as canary.example.com, or *.previews.example.com',
  );

/**
 * Why a selector must not take the place of the address `replaced`, or `undefined` when it may. A journey types its password
 * where it is led: whoever has got hold of a pipeline's token must not lead it to a host of his own. So the host is that of
 * the address itself, that of a selector in the configuration, or one of `canaryHosts` there; and what went over https does
 * not go in the clear.
 */
export function addressProblem(
  { url, var: name }: UrlSelector,
  replaced: string | undefined,
  service: Known | undefined,
): { expected: string; received: string } | undefined {
  const configured = [service?.canary, service?.baseline].flatMap((selector) =>
    selector?.kind === 'url' ? [selector] : [],
  );
  if (configured.some((own) => own.url === url && own.var === name)) return undefined;
  const place = placeOf(url);
  const own = placeOf(replaced ?? '');
  const hosts = [
    ...new Set([
      ...[own, ...configured.map((selector) => placeOf(selector.url))].flatMap((known) => known?.host ?? []),
      ...(service?.canaryHosts ?? []),
    ]),
  ];
  if (!place || !hosts.some((pattern) => isOf(place.host, pattern)))
    return {
      expected: `a host that the configuration knows (${hosts.join(', ') || 'none'}), or another one in the service's canaryHosts`,
      received: place?.host ?? 'another text',
    };
  if (!place.isSecure && own?.isSecure !== false)
    return { expected: `https, as vars.${name} has`, received: 'http' };
  return undefined;
}

function placeOf(url: string): Place | undefined {
  const { data = '' } = Address.safeParse(url);
  const [, scheme, host] = /^(https?):\/\/(?:[^/?#@]*@)?(\[[^\]]+\]|[^/?#:]+)/.exec(data) ?? [];
  return host === undefined ? undefined : { isSecure: scheme === 'https', host: host.replace(/\.$/, '') };
}

function isOf(host: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
}
