import { describe, expect, it } from 'vitest';
import { PAGING_DEFAULTS, type PagingSettings } from '#core/paging-settings.ts';
import { routesOf } from '#core/policy.ts';
import { SOME_TRAITS } from '#test/fixtures/builders.ts';

const CHECK = { channels: ['oncall', 'chat'] };

function routes(paging: Partial<PagingSettings> = {}, platform?: { owner: string; channels: string[] }) {
  const config = { paging: { ...PAGING_DEFAULTS, ...paging }, ...(platform ? { platform } : {}) };
  return routesOf(config, CHECK, SOME_TRAITS);
}

describe('the routes of a check', () => {
  it('are its channels for pages, and what the configuration says for the rest', () => {
    expect(routes({ fallback: ['second'], escalation: ['oncall'] })).toMatchObject({
      page: ['oncall', 'chat'],
      fallback: ['second'],
      escalation: ['oncall'],
    });
  });

  it('bring notices where nobody is woken', () => {
    expect(routes().notice).toEqual(['chat']);
    expect(routes({ notices: ['second'] }).notice).toEqual(['second']);
    expect(routes({ notices: [] }).notice).toEqual([]);
  });

  it('bring no notice to a channel of which nothing is known: it might wake somebody', () => {
    const unknown = routesOf({ paging: PAGING_DEFAULTS }, { channels: ['mystery'] }, SOME_TRAITS);
    expect(unknown.notice).toEqual([]);
  });

  it('bring what a probe cannot measure to the owner of the platform, or with the notices', () => {
    expect(routes({}, { owner: 'us', channels: ['second'] }).platform).toEqual(['second']);
    expect(routes().platform).toEqual(['chat']);
  });
});
