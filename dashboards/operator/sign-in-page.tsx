import { SIGN_IN_PATH } from '#core/operator-path.ts';
import { NameField } from './acknowledge-form.tsx';
import { plainDocumentOf } from './layout.tsx';

/**
 * The form to sign in. `next` is a local path checked by the caller; `problem` says why the last attempt was refused;
 * `name`: what this browser's person has called themselves.
 */
export function signInDocument(props: {
  next: string;
  problem?: string | undefined;
  name?: string | undefined;
}) {
  const { next, problem, name } = props;
  return plainDocumentOf({
    title: 'Sign in',
    referrer: 'same-origin',
    children: (
      <form method="post" action={SIGN_IN_PATH} class="card sign-in" data-sign-in="">
        <h1>Sign in</h1>
        {problem === undefined ? null : (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <label for="token">Operator token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="current-password"
          required
          autofocus
          aria-describedby="token-help"
        />
        <p id="token-help" class="hush">
          The hub’s OPERATOR_TOKEN. You stay signed in for twelve hours.
        </p>
        <NameField id="name" name={name} />
        <input type="hidden" name="next" value={next} />
        <button type="submit">Sign in</button>
      </form>
    ),
  });
}
