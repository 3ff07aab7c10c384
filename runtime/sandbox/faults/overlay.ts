/** Values that several faults change at once: each sees its own while it lasts, and the last to end leaves what was before. */

type Values = Record<string, unknown>;

const overlaid = new WeakMap<object, { before: Values; layers: Values[] }>();

/** Changes some values of a thing; the function returned takes that back, whatever else has changed them meanwhile. */
export function overlay<Thing extends object>(thing: Thing, change: Partial<Thing>): () => void {
  const { before, layers } = overlaid.get(thing) ?? { before: {}, layers: [] };
  overlaid.set(thing, { before, layers });
  for (const key of Object.keys(change)) if (!(key in before)) before[key] = (thing as Values)[key];
  const layer = { ...change };
  layers.push(layer);
  Object.assign(thing, change);
  return () => {
    const at = layers.indexOf(layer);
    if (at < 0) return;
    layers.splice(at, 1);
    Object.assign(thing, before, ...layers);
    if (layers.length === 0) overlaid.delete(thing);
  };
}
