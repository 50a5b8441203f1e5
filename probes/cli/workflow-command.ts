/** A workflow command of GitHub Actions, escaped as its runner undoes it (actions/toolkit, `command.ts`). */
export function workflowCommand(
  name: 'error' | 'warning' | 'notice',
  properties: Readonly<Record<string, string | number>>,
  text: string,
): string {
  const named = Object.entries(properties).map(([key, value]) => `${key}=${property(String(value))}`);
  return `::${name} ${named.join(',')}::${data(text)}`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
