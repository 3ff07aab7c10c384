/** Does something for each, so many at once. */
export async function inBatches<Of>(
  all: readonly Of[],
  atOnce: number,
  run: (each: Of) => Promise<unknown>,
): Promise<void> {
  const left = all[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const each of left) await run(each);
    }),
  );
}
