import { OPERATOR_PATH } from '#core/operator-path.ts';
import type { LayoutProps } from './layout.tsx';

/** What could not be shown, and the way back. */
export function problemPage(title: string, message: string, nowMs: number): LayoutProps {
  return {
    title,
    live: false,
    nowMs,
    children: (
      <>
        <h1>{title}</h1>
        <p>{message}</p>
        <p>
          <a href={OPERATOR_PATH}>All checks</a>
        </p>
      </>
    ),
  };
}
