/** Statements that are prepared when they are first needed. A session at rest needs few of those it may need. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

/** What makes statements. */
export interface Preparing {
  prepare(sql: string): Statement;
}

/** Values by their place, or by name before those. */
type Given = SQLInputValue[] | [Record<string, SQLInputValue>, ...SQLInputValue[]];

export interface Statement {
  readonly sourceSQL: string;
  run(...given: Given): ReturnType<StatementSync['run']>;
  get(...given: Given): ReturnType<StatementSync['get']>;
  all(...given: Given): ReturnType<StatementSync['all']>;
}

export const preparing = (database: DatabaseSync): Preparing => ({
  prepare: (sql) => new LateStatement(database, sql),
});

class LateStatement implements Statement {
  readonly sourceSQL: string;
  readonly #database: DatabaseSync;
  #statement: StatementSync | undefined;

  constructor(database: DatabaseSync, sql: string) {
    this.#database = database;
    this.sourceSQL = sql;
  }

  run(...given: Given): ReturnType<StatementSync['run']> {
    return this.#prepared().run(...(given as SQLInputValue[]));
  }

  get(...given: Given): ReturnType<StatementSync['get']> {
    return this.#prepared().get(...(given as SQLInputValue[]));
  }

  all(...given: Given): ReturnType<StatementSync['all']> {
    return this.#prepared().all(...(given as SQLInputValue[]));
  }

  #prepared(): StatementSync {
    this.#statement ??= this.#database.prepare(this.sourceSQL);
    return this.#statement;
  }
}
