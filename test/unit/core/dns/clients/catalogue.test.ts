import { expect, test } from 'vitest';
import { chosenProfiles, PROFILES } from '#core/dns/clients/catalogue.ts';
import { ProfileSettings } from '#core/dns/clients/profile.ts';

test.each(Object.entries(PROFILES))('%s is a profile that settings could hold', (_, profile) => {
  expect(ProfileSettings.parse(profile)).toEqual(profile);
});

test('a check’s own profiles add to the catalogue, take an id’s place, and leave it', () => {
  const own = ProfileSettings.parse({
    title: 'phone of the door',
    appliesTo: 'the old phones at the doors',
    udpBytes: 512,
    edns: false,
    tcp: 'none',
  });
  const chosen = chosenProfiles({
    profiles: { phone: own, coredns: own },
    profilesOff: ['modern', 'phone2'],
  });
  expect(chosen['phone']).toBe(own);
  expect(chosen['coredns']).toBe(own);
  expect(chosen['modern']).toBeUndefined();
  expect(Object.keys(chosen).toSorted()).toEqual(
    [...Object.keys(PROFILES), 'phone'].filter((id) => id !== 'modern').toSorted(),
  );
});
