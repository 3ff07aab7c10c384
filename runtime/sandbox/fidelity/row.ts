/** One line of the table that says how near the sandbox comes to WhatsApp. */

/** A test as jest knows it: its file, and the titles around and of it with a space between (`-t` takes the same). */
export interface NamedTest {
  /** Below `test/`, such as `sandbox/linking.test.ts`. */
  readonly file: string;
  /** As in the source: `%s` where a table of cases fills something in. */
  readonly name: string;
}

interface Feature {
  readonly what: string;
  /** One sentence: what the client meets, and where that is not what WhatsApp does. */
  readonly how: string;
  /** The methods of the client's socket that this is about. */
  readonly methods?: readonly string[];
}

/** Nothing stands in the table without a test; of what is absent, the test shows that the client is told so. */
type Proof =
  | { readonly verdict: 'faithful' | 'simplified' | 'absent'; readonly test: NamedTest }
  /** Absent, and no client could notice it in a test: why not. */
  | { readonly verdict: 'absent'; readonly untested: string };

export type FidelityRow = Feature & Proof;
