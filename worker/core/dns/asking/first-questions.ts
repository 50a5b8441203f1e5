import { RR_TYPES } from '../codec/registry.ts';
import { authoritiesOf, resolversOf } from './audience.ts';
import type { Query } from './exchange.ts';
import type { Inquiry } from './inquiry.ts';
import { queriesTo } from './question.ts';

/** What every run asks, whatever is looked at: without an answer to it there is no pass. */
export function firstQuestions(inquiry: Inquiry): Query[] {
  const { name, types } = inquiry.settings;
  const required = [resolversOf(inquiry), authoritiesOf(inquiry)].flatMap(({ servers, recursionDesired }) =>
    servers.flatMap((server) =>
      types.flatMap((type) => queriesTo(inquiry, { server, name, type, recursionDesired })),
    ),
  );
  return [...controlQueries(inquiry), ...required];
}

/** The name that shows whether our own way out works. */
export function controlQueries(inquiry: Inquiry): Query[] {
  const { controlName } = inquiry.settings;
  if (!controlName) return [];
  const { server, name } = controlName;
  return queriesTo(inquiry, { server, name, type: RR_TYPES.A, recursionDesired: true });
}
