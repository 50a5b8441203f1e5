import { Hono } from 'hono';
import { ASSETS_PATH, assetOf } from '#dashboards/assets.ts';
import { AppError } from '../errors.ts';
import type { Hub } from '../hub.ts';

/** Scripts, styles and pictures of the pages. Their names change with their content: they are kept for ever. */
export const assetRoutes = new Hono<Hub>();

assetRoutes.get(`${ASSETS_PATH}/:file`, (c) => {
  const asset = assetOf(c.req.param('file'));
  if (!asset) throw new AppError('not-found', 'there is no such asset, or no longer');
  return c.body(asset.text, 200, {
    'content-type': asset.type,
    'cache-control': 'public, max-age=31536000, immutable',
  });
});
