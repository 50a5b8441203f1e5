import app from './public/app.js';
import favicon from './public/favicon.svg';
import style from './public/style.css';

/**
 * The files of `dashboards/public`, which the Worker's bundle holds as text (`rules` in wrangler.toml): the same in
 * production, in tests and in `latchkey serve`, with no router before the probes' requests.
 */
const ASSETS = {
  'app.js': { type: 'text/javascript; charset=utf-8', text: app },
  'favicon.svg': { type: 'image/svg+xml', text: favicon },
  'style.css': { type: 'text/css; charset=utf-8', text: style },
} satisfies Record<string, Asset>;

export type AssetName = keyof typeof ASSETS;
export type Asset = { type: string; text: string };

export const ASSETS_PATH = '/assets';

const files = Object.entries<Asset>(ASSETS).map(([name, asset]) => ({
  file: fileOf(name, asset.text),
  name,
  asset,
}));
const byFile = new Map(files.map(({ file, asset }) => [file, asset]));
const fileByName = new Map(files.map(({ file, name }) => [name, file]));

/** Changes whenever one of the files does: a page of another version reloads itself. */
export const ASSETS_VERSION = hashOf(files.map(({ file }) => file).join(' '));

/** Where an asset is: `/assets/style.<hash>.css`. */
export function assetPath(name: AssetName): string {
  return `${ASSETS_PATH}/${fileByName.get(name)}`;
}

/** The asset of that file name, hash included, or `undefined`. */
export function assetOf(file: string): Asset | undefined {
  return byFile.get(file);
}

function fileOf(name: string, text: string): string {
  const dot = name.lastIndexOf('.');
  return `${name.slice(0, dot)}.${hashOf(text)}${name.slice(dot)}`;
}

/** FNV-1a, 32 bits in hex: a Worker has no hash that answers at once, and this one only tells versions apart. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
