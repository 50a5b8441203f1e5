import type { JourneyCheck } from '#core/config.ts';
import { addressesOf } from '#core/deploy/pipeline/resolve.ts';
import { addressProblem } from '#core/deploy/service/selector-address.ts';
import { selectorName, type Selector } from '#core/deploy/service/selector.ts';
import type { Service } from '#core/deploy/service/service.ts';
import type { RoomEntry } from '../../browser/room.ts';
import { OwnFault } from '../../own-fault.ts';
import { SECRET_CHARS_MIN } from '../../redact.ts';
import type { Visit } from '../../visit.ts';

/** How a run gets to the version that a selector names. */
export type Selection = {
  /** The check, with the addresses that the journey is to use. */
  check: JourneyCheck;
  /** What the browser's context is given. */
  entry: RoomEntry;
  /** What must not be told, by the name that is put in its place. */
  hidden: ReadonlyMap<string, string>;
};

/**
 * The selection of a run; without a selector, the check as it is. Throws `OwnFault` `probe-error` when the selector leads
 * nowhere: a run that went elsewhere would say something of the wrong version.
 *
 * A header goes with every request of the context, also to other origins: to the identity provider and to whoever serves
 * fonts, so it may open nothing that they must not see. A page whose code fetches from another origin makes the browser ask
 * there first whether the header is welcome (a CORS preflight); where it is not, that fetch fails, which is the selector's
 * fault and not the page's, and makes the run `invalid` (see `HeaderRefusals`). WebSockets do not carry it, nor does what
 * a service worker fetches. A cookie has none of this: it is there for the hosts among the check's `vars` alone, over https
 * also where another site posts or embeds (SAML's POST binding), until the journey clears its cookies.
 *
 * An address is taken only as far as the probe's own configuration trusts it: here the journey's secrets are, and whoever
 * has the hub shall not get them. `service` is what that configuration has of the deploy's.
 */
export function selectionOf(
  check: JourneyCheck,
  visit: Pick<Visit, 'selector' | 'ready'> = {},
  service?: Service,
): Selection {
  const { selector, ready } = visit;
  const selection = selector ? led(check, selector, service) : { check, entry: {}, hidden: new Map() };
  return ready ? { ...selection, entry: { ...selection.entry, ready } } : selection;
}

function led(check: JourneyCheck, selector: Selector, service: Service | undefined): Selection {
  switch (selector.kind) {
    case 'header':
      return {
        check,
        entry: { headers: { [selector.name]: selector.value } },
        hidden: hiddenOf(selector, selector.value),
      };
    case 'cookie': {
      const { name, value } = selector;
      const origins = cookieOrigins(check);
      if (origins.length === 0)
        throw new OwnFault(
          'probe-error',
          `${selectorName(selector)}: expected an address among the vars of ${check.id}, to set the cookie for`,
        );
      return {
        check,
        entry: { cookies: origins.map((origin) => cookieFor(origin, name, value)) },
        hidden: hiddenOf(selector, value),
      };
    }
    case 'url': {
      const { var: name, url } = selector;
      if (!Object.hasOwn(check.vars, name))
        throw new OwnFault(
          'probe-error',
          `the selector replaces vars.${name}: expected one that ${check.id} has (${Object.keys(check.vars).join(', ') || 'none'})`,
        );
      const problem = addressProblem(selector, check.vars[name], service);
      if (problem)
        throw new OwnFault(
          'probe-error',
          `the selector leads ${check.id} astray: expected ${problem.expected}, got ${problem.received}`,
        );
      return { check: { ...check, vars: { ...check.vars, [name]: url } }, entry: {}, hidden: new Map() };
    }
    default:
      return selector satisfies never;
  }
}

/** A shorter value occurs by chance in ordinary text, and opens no door. */
function hiddenOf(selector: Selector, value: string): Map<string, string> {
  return value.length < SECRET_CHARS_MIN ? new Map() : new Map([[selectorName(selector), value]]);
}

/** One origin of each host: cookies know no port. That of http where there is one, or it would not get the cookie. */
function cookieOrigins({ id, vars }: JourneyCheck): URL[] {
  const byHost = new Map<string, URL>();
  for (const address of addressesOf(vars)) {
    if (!URL.canParse(address))
      throw new OwnFault(
        'probe-error',
        `vars of ${id}: expected an address to set a cookie for, got ${address}`,
      );
    const url = new URL(address);
    if (url.protocol === 'http:' || !byHost.has(url.hostname)) byHost.set(url.hostname, url);
  }
  return [...byHost.values()];
}

function cookieFor({ origin, protocol }: URL, name: string, value: string) {
  // `None` needs https. Over http the browser's own default lets a POST of another site have it for two minutes.
  const sameSite = protocol === 'https:' ? ({ sameSite: 'None' } as const) : {};
  return { name, value, url: `${origin}/`, ...sameSite };
}
