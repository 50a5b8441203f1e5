import { describe, expect, test } from 'vitest';
import { evaluateJourney, type JourneyTrouble } from '#core/checks/journey.ts';
import { Failure, MESSAGE_CHARS_MAX, PROBE_FAULTS, failureLabel } from '#core/failure.ts';

function trouble(over: Partial<JourneyTrouble> = {}): JourneyTrouble {
  return {
    source: 'journey',
    errorName: 'Error',
    message: 'expect(locator).toBeVisible() failed',
    documentPending: false,
    waitingForBrowser: true,
    expecting: false,
    ...over,
  };
}

const labelOf = (over: Partial<JourneyTrouble>): string => {
  const failure = evaluateJourney(trouble(over));
  return `${failure.owner} ${failureLabel(failure)}`;
};

describe('network errors of Chromium, thrown by goto or shown instead of the page', () => {
  test.each([
    ['ERR_NAME_NOT_RESOLVED', 'target dns'],
    ['ERR_DNS_TIMED_OUT', 'target dns'],
    ['ERR_CONNECTION_REFUSED', 'target connect'],
    ['ERR_CONNECTION_RESET', 'target connect'],
    ['ERR_ADDRESS_UNREACHABLE', 'target connect'],
    ['ERR_EMPTY_RESPONSE', 'target connect'],
    ['ERR_HTTP2_PROTOCOL_ERROR', 'target connect'],
    ['ERR_CERT_DATE_INVALID', 'target tls'],
    ['ERR_SSL_PROTOCOL_ERROR', 'target tls'],
    ['ERR_BAD_SSL_CLIENT_AUTH_CERT', 'target tls'],
    ['ERR_CONNECTION_TIMED_OUT', 'target timeout'],
    ['ERR_TIMED_OUT', 'target timeout'],
    ['ERR_TOO_MANY_REDIRECTS', 'target navigation'],
    ['ERR_INVALID_RESPONSE', 'target navigation'],
    ['ERR_SOMETHING_NEW', 'target navigation'],
    ['ERR_INTERNET_DISCONNECTED', 'probe egress'],
    ['ERR_NETWORK_CHANGED', 'probe egress'],
    ['ERR_PROXY_CONNECTION_FAILED', 'probe egress'],
    ['ERR_TUNNEL_CONNECTION_FAILED', 'probe egress'],
    ['ERR_INSUFFICIENT_RESOURCES', 'probe memory'],
    ['ERR_FILE_NO_SPACE', 'probe disk-full'],
  ])('%s is %s', (error, label) => {
    expect(labelOf({ message: `page.goto: net::${error} at http://x/` })).toBe(label);
    expect(labelOf({ documentError: `net::${error}` })).toBe(label);
    expect(labelOf({ source: 'deadline', documentError: `net::${error}` })).toBe(label);
  });

  test('an abort says nothing of the network: the navigation was broken off', () => {
    expect(labelOf({ message: 'page.goto: net::ERR_ABORTED; maybe frame was detached?' })).toBe(
      'target navigation',
    );
    expect(labelOf({ message: 'page.goto: net::ERR_ABORTED at http://x/', documentStatus: 503 })).toBe(
      'target http 503',
    );
  });
});

describe('errors of Node, met in page.request and fetch', () => {
  test.each([
    ['apiRequestContext.get: getaddrinfo ENOTFOUND no-such-host.invalid', 'target dns'],
    ['apiRequestContext.get: connect ECONNREFUSED 127.0.0.1:9', 'target connect'],
    ['apiRequestContext.get: socket hang up', 'target connect'],
    ['apiRequestContext.get: self-signed certificate', 'target tls'],
    ['apiRequestContext.get: connect ENETUNREACH 192.0.2.1:443', 'probe egress'],
  ])('%s is %s', (message, label) => expect(labelOf({ message })).toBe(label));

  test('a failed fetch is a TypeError, and still not the journey’s mistake', () => {
    expect(labelOf({ errorName: 'TypeError', message: 'fetch failed (ECONNREFUSED: connect)' })).toBe(
      'target connect',
    );
  });

  test('what an expectation quotes from the page is not an error of ours', () => {
    const message =
      'expect(locator).toHaveText(expected) failed\nReceived: "net::ERR_INTERNET_DISCONNECTED ENETUNREACH"';
    expect(labelOf({ message })).toBe('target assertion');
  });
});

describe('the status of the document explains more than what the journey missed in it', () => {
  test.each([400, 401, 404, 500, 502, 503, 504])('http %i', (documentStatus) => {
    const label = `target http ${documentStatus}`;
    expect(labelOf({ documentStatus })).toBe(label);
    expect(labelOf({ documentStatus, errorName: 'TimeoutError' })).toBe(label);
    expect(labelOf({ documentStatus, source: 'deadline' })).toBe(label);
    expect(labelOf({ documentStatus, source: 'page' })).toBe(label);
  });

  test.each([200, 204, 304, 399])('%i does not', (documentStatus) =>
    expect(labelOf({ documentStatus })).toBe('target assertion'),
  );
});

describe('time', () => {
  test.each<[string, Partial<JourneyTrouble>, string]>([
    ['the deadline, waiting for the browser', { source: 'deadline' }, 'target timeout'],
    [
      'the deadline, in an expectation of a page that is there',
      { source: 'deadline', expecting: true },
      'target assertion',
    ],
    [
      'the deadline, a navigation under way',
      { source: 'deadline', waitingForBrowser: false, documentPending: true },
      'target timeout',
    ],
    [
      'the deadline, waiting for nothing of ours',
      { source: 'deadline', waitingForBrowser: false },
      'probe journey-error',
    ],
    [
      'a timeout of Playwright',
      { errorName: 'TimeoutError', message: 'locator.click: Timeout' },
      'target timeout',
    ],
    ['an expectation while a navigation was under way', { documentPending: true }, 'target timeout'],
    ['a page at the end that does not answer', { source: 'page', documentPending: true }, 'target timeout'],
  ])('%s', (_what, over, label) => expect(labelOf(over)).toBe(label));
});

describe('whose word it is', () => {
  test.each(['x-cache: ENETUNREACH', 'net::ERR_ABORTED', 'Unknown engine "a"', 'retry storm: 38 requests'])(
    'what a tool has measured is the target’s fault, whatever it quotes and the page shows: %s',
    (message) => {
      const measured = { source: 'finding', errorName: 'ToolFinding', message } as const;
      expect(labelOf(measured)).toBe('target assertion');
      expect(labelOf({ ...measured, documentStatus: 503 })).toBe('target assertion');
      expect(labelOf({ ...measured, documentError: 'net::ERR_CONNECTION_FAILED' })).toBe('target assertion');
      expect(labelOf({ ...measured, documentPending: true })).toBe('target assertion');
    },
  );

  test.each(['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError', 'JourneyMistake'])(
    'a %s is the journey’s own mistake, whatever the page shows',
    (errorName) => {
      expect(labelOf({ errorName, message: 'x is not a function' })).toBe('probe journey-error');
      expect(labelOf({ errorName, message: 'x is not a function', documentStatus: 503 })).toBe(
        'probe journey-error',
      );
    },
  );

  test.each([
    'page.goto: Protocol error (Page.navigate): Cannot navigate to invalid URL',
    'locator.click: Unexpected token "]" while parsing css selector "[a="',
  ])('a call that cannot be right is too: %s', (message) =>
    expect(labelOf({ message })).toBe('probe journey-error'),
  );

  test.each([
    ['Error', 'the balance is wrong'],
    ['AssertionError', '1 == 2'],
    ['string', 'the journey threw "no", which is no Error'],
    ['Error', 'locator.click: Error: strict mode violation: resolved to 2 elements'],
  ])('any other error is its statement: %s, %s', (errorName, message) =>
    expect(labelOf({ errorName, message })).toBe('target assertion'),
  );

  test.each([
    'page.evaluate: Execution context was destroyed, most likely because of a navigation',
    'page.goto: Navigation to "http://a/" is interrupted by another navigation to "http://b/"',
    'locator.click: Target page, context or browser has been closed',
  ])('a document that went away is the navigation: %s', (message) =>
    expect(labelOf({ message })).toBe('target navigation'),
  );

  test.each(PROBE_FAULTS)('our own %s stays ours, whatever the page shows', (probeFault) => {
    const over = {
      source: 'probe',
      probeFault,
      documentStatus: 503,
      documentError: 'net::ERR_FAILED',
    } as const;
    expect(labelOf(over)).toBe(`probe ${probeFault}`);
  });

  test('a fault of ours without a name is still ours', () =>
    expect(labelOf({ source: 'probe' })).toBe('probe probe-error'));
});

test('whatever the facts, the answer is a failure that the wire takes', () => {
  const sources = ['probe', 'deadline', 'journey', 'page'] as const;
  const names = ['Error', 'TypeError', 'TimeoutError', '', 'undefined'];
  const messages = [
    '',
    'x'.repeat(10_000),
    'net::ERR_ABORTED',
    'net::ERR_X',
    'expect(a).b',
    '🔑'.repeat(2_000),
  ];
  for (const source of sources)
    for (const errorName of names)
      for (const message of messages)
        for (const documentStatus of [undefined, 200, 599])
          for (const flag of [true, false]) {
            const failure = evaluateJourney({
              source,
              errorName,
              message,
              documentStatus,
              documentPending: flag,
              waitingForBrowser: !flag,
              expecting: flag,
              step: 's'.repeat(5_000),
              url: `http://x/${'u'.repeat(5_000)}`,
            });
            expect(Failure.safeParse(failure).success).toBe(true);
            expect(failure.message.length).toBeLessThanOrEqual(MESSAGE_CHARS_MAX);
          }
});
