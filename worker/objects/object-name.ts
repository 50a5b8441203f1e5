const KEY = 'name';

/**
 * The name an object was made by: the id of its check or region. Kept in its storage, because an alarm that starts an
 * object anew does not always bring the name along (workerd #6850, and alarms set by an older runtime).
 * @throws when the object has none: it was not reached by name
 */
export function objectName(ctx: DurableObjectState): string {
  const stored = ctx.storage.kv.get<string>(KEY);
  if (stored !== undefined) return stored;
  const { name } = ctx.id;
  if (name === undefined) throw new Error('an object of the hub is reached by its name only');
  ctx.storage.kv.put(KEY, name);
  return name;
}
