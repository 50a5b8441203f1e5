import type { Check, Config } from './config.ts';

/** Everything the decisions about one check must know of the configuration. */
export type Policy = {
  config: Pick<Config, 'publicUrl' | 'regions' | 'paging'>;
  check: Check;
};
