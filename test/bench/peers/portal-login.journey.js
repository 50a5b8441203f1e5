// Loaded by the CLI of @elastic/synthetics, which compiles it and what it imports.
import { expect, journey, step } from '@elastic/synthetics';
import { playLogin } from '../journey/play-login.ts';

journey('portal login', ({ page, context, params }) => {
  step('log in', () => playLogin({ page, context, expect }, params.baseUrl));
});
