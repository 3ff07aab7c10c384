/** A runtime's metrics as a scrape gives them. */
export interface Series {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Scraped {
  text: string;
  series: Series[];
  /** Of all series of the name that have these labels; 0 when there are none. */
  sum(name: string, labels?: Record<string, string>): number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** `url` is that of the metrics server. */
export async function scrape(url: string): Promise<Scraped> {
  const text = await (await fetch(new URL('/metrics', url))).text();
  const series = text.split('\n').flatMap((line): Series[] => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, label = '', of = '']) => [label, of]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }];
  });
  const has = (one: Series, wanted: Record<string, string>) =>
    Object.entries(wanted).every(([label, of]) => one.labels[label] === of);
  return {
    ...{ text, series },
    sum: (name, labels = {}) =>
      series.filter((one) => one.name === name && has(one, labels)).reduce((all, { value }) => all + value, 0),
  };
}
