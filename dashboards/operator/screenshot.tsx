import type { Child } from 'hono/jsx';

/**
 * What the browser showed, in a box of its own shape: nothing moves when the picture comes, and its words stand there
 * until a probe has uploaded it. `href` is where it leads: the run, or the picture by itself.
 */
export function Screenshot({ src, href, of }: { src: string; href: string; of: string }): Child {
  return (
    <a class="screenshot" href={href}>
      {/* The size of Playwright's default window. app.js asks again for one that has not come. */}
      <img src={src} width="1280" height="720" loading="lazy" decoding="async" alt={`Screenshot of ${of}`} />
    </a>
  );
}
