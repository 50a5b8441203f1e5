/** What is read at a glance: a few lines, or as many characters as fill them. */
const GLANCE_LINES_MAX = 3;
const GLANCE_CHARS_MAX = 240;

/** A message as it was thrown. A longer one is folded behind its first line; without JavaScript too. */
export function ErrorMessage({ text }: { text: string }) {
  const message = (
    <pre tabindex={0} aria-label="Error message">
      {text}
    </pre>
  );
  const lines = text.trim().split('\n');
  if (lines.length <= GLANCE_LINES_MAX && text.length <= GLANCE_CHARS_MAX) return message;
  return (
    <details class="message">
      <summary>{lines[0]}</summary>
      {message}
    </details>
  );
}
