import { app } from './app.ts';

export { CheckObject } from './objects/check-object.ts';
export { RegionObject } from './objects/region-object.ts';

export default { fetch: app.fetch };
