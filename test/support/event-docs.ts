/** The page on events: each with its sentence, its fields as the compiler knows them, and an example. */
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { EVENTS, type EventName } from '../../runtime/src/events.ts';
import { ALERTS } from '../../runtime/src/watchdog/alerts.ts';
import { exampleOf } from './event-examples.ts';
import { code, table } from './markdown.ts';

const SOURCE = fileURLToPath(new URL('../../runtime/src/events.ts', import.meta.url));
/** What events have in common, explained once. */
export const SHAPES = ['Contact', 'Chat', 'Media', 'Place', 'Card', 'Poll', 'Quoted', 'Lead'];

export interface Types {
  checker: ts.TypeChecker;
  /** An exported type of events.ts by its name. */
  of(name: string): ts.Type;
}

/** The parts of the page, below its title. */
export function eventDocs(): string[] {
  const types = readTypes();
  const events = new Map(
    types
      .of('EventData')
      .getProperties()
      .map((each) => [each.name, each]),
  );
  const names = Object.keys(EVENTS) as EventName[];
  return [
    'What the runtime delivers to webhooks and tells at `GET /events`, by the name in `event`. Every event comes at least once: ' +
      'what comes again has the same `id`, which is also what `Last-Event-ID` goes on behind, at whichever of several workers. Fields are only ever added; anything else would be a new `version`. ' +
      '[events.schema.json](events.schema.json) is the same as a JSON Schema.',
    table(
      ['Event', 'When'],
      Object.entries(EVENTS).map(([name, sentence]) => [code(name), sentence]),
    ),
    '## Envelope',
    fields(types, types.of('EventEnvelope')),
    ...names.flatMap((name, at) => {
      const symbol = events.get(name);
      if (!symbol) throw new Error(`${name} is not in EventData`);
      const example = JSON.stringify(exampleOf(name, at + 1), null, 2);
      const data = types.checker.getTypeOfSymbol(symbol);
      return [`## ${name}`, EVENTS[name], fields(types, data), '```json\n' + example + '\n```'];
    }),
    '## Shapes\n\nWhat several events have in common.',
    ...SHAPES.flatMap((name) => [`### ${name}`, fields(types, types.of(name))]),
    '## Alerts\n\nThe event `alert` tells once that one of these has begun (`state` is `firing`) and once that it is over ' +
      '(`resolved`), by the name in `data.alert`.',
    table(
      ['Alert', 'What it means'],
      Object.entries(ALERTS).map(([name, sentence]) => [code(name), sentence]),
    ),
  ];
}

export function readTypes(): Types {
  const options = {
    ...{ strict: true, noEmit: true, allowImportingTsExtensions: true, types: [] },
    ...{
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    },
  };
  const program = ts.createProgram([SOURCE], options);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(SOURCE);
  const module = source && checker.getSymbolAtLocation(source);
  const exported = new Map((module ? checker.getExportsOfModule(module) : []).map((each) => [each.name, each]));
  return {
    checker,
    of(name) {
      const symbol = exported.get(name);
      if (!symbol) throw new Error(`events.ts exports no ${name}`);
      const real = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      return checker.getDeclaredTypeOfSymbol(real);
    },
  };
}

/** A row for each field; those that are themselves nothing but fields are written out where they are. */
function fields({ checker }: Types, type: ts.Type): string {
  const rows = checker.getPropertiesOfType(type).map((field) => {
    const comment = ts.displayPartsToString(field.getDocumentationComment(checker)).replaceAll('\n', ' ');
    // The type of `data` is each event's own.
    return [
      code(field.name),
      field.name === 'data' ? 'see below' : shown(checker, checker.getTypeOfSymbol(field)),
      comment,
    ];
  });
  return table(
    ['Field', 'Type', 'What it is'],
    rows.map(([name = '', kind = '', text = '']) => [name, kind, text]),
  );
}

/** Words that can stand there one by one, and everything else by its name. */
function shown(checker: ts.TypeChecker, type: ts.Type): string {
  const parts = type.isUnion() ? type.types : [type];
  const isWords = parts.filter((part) => part.isStringLiteral()).length > 1;
  const text = isWords
    ? parts.map((part) => checker.typeToString(part).replaceAll('"', '')).join(', ')
    : checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation);
  return text.replaceAll('|', 'or').replaceAll('EventName', 'event name');
}
