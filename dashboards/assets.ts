import { BUNDLED } from './bundled.ts';

/**
 * A file of `dashboards/public`. They are in the Worker's bundle, which is the same in production, in tests and in
 * `latchkey serve`, and has no router before the probes' requests.
 */
export type AssetName = keyof typeof BUNDLED;
export type Asset = { type: string; text: string };

export const ASSETS_PATH = '/assets';

const byFile = new Map<string, Asset>(
  Object.entries(BUNDLED).map(([name, { type, hash, text }]) => [hashedName(name, hash), { type, text }]),
);

/** Changes whenever one of the files does: a page of another version reloads itself. */
export const ASSETS_VERSION = Object.values(BUNDLED)
  .map(({ hash }) => hash)
  .join('-');

/** Where an asset is: `/assets/style.<hash>.css`. */
export function assetPath(name: AssetName): string {
  return `${ASSETS_PATH}/${hashedName(name, BUNDLED[name].hash)}`;
}

/** The asset of that file name, hash included, or `undefined`. */
export function assetOf(file: string): Asset | undefined {
  return byFile.get(file);
}

function hashedName(name: string, hash: string): string {
  const dot = name.lastIndexOf('.');
  return `${name.slice(0, dot)}.${hash}${name.slice(dot)}`;
}
