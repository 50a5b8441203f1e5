const KEY = 'name';

/**
 * The name an object was made by: the id of its check or region. Kept in its storage, because an alarm that starts an
 * object anew does not always bring the name along (workerd #6850, and alarms set by an older runtime).
 * @throws when the object has none: it was not reached by name
 */
export function objectName(ctx: DurableObjectState): string {
  const name = nameOf(ctx);
  keepName(ctx, name);
  return name;
}

/** The same, of an object that leaves nothing in its storage until it has something to keep; then it calls `keepName`. */
export function nameOf(ctx: DurableObjectState): string {
  const name = ctx.storage.kv.get<string>(KEY) ?? ctx.id.name;
  if (name === undefined) throw new Error('an object of the hub is reached by its name only');
  return name;
}

export function keepName(ctx: DurableObjectState, name: string): void {
  if (ctx.storage.kv.get<string>(KEY) === undefined) ctx.storage.kv.put(KEY, name);
}
