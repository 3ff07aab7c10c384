/** The JSON Schema of the events, made from their types as the compiler knows them. */
import ts from 'typescript';
import { EVENTS } from '../../runtime/src/events.ts';
import { readTypes, SHAPES, type Types } from './event-docs.ts';

type Schema = Record<string, unknown>;

const PLAIN: [ts.TypeFlags, string][] = [
  [ts.TypeFlags.Null, 'null'],
  [ts.TypeFlags.String, 'string'],
  [ts.TypeFlags.Number, 'number'],
  [ts.TypeFlags.BooleanLike, 'boolean'],
];

/** Fields are only ever added: what a schema does not name may be there all the same. */
export function eventSchema(): Schema {
  const types = readTypes();
  const shapes = new Map(SHAPES.map((name) => [types.of(name), name]));
  const { properties, required } = objectOf(types, shapes, types.of('EventEnvelope'));
  const data = new Map(
    types
      .of('EventData')
      .getProperties()
      .map((each) => [each.name, types.checker.getTypeOfSymbol(each)]),
  );
  const events = Object.entries(EVENTS).map(([name, sentence]) => {
    const type = data.get(name);
    if (!type) throw new Error(`${name} is not in EventData`);
    const own = { event: { const: name }, data: objectOf(types, shapes, type) };
    return { title: name, description: sentence, type: 'object', properties: own, required: ['event', 'data'] };
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'An event as webhooks and GET /events tell it',
    $comment: 'Made by `npm run docs:gen` from the types in runtime/src/events.ts. Change those, not this file.',
    type: 'object',
    properties,
    required,
    oneOf: events,
    $defs: Object.fromEntries(SHAPES.map((name) => [name, objectOf(types, shapes, types.of(name))])),
  };
}

function objectOf(types: Types, shapes: Map<ts.Type, string>, type: ts.Type) {
  if ((type.flags & ts.TypeFlags.Object) === 0) throw new Error(`${types.checker.typeToString(type)} has no schema`);
  const fields = types.checker.getPropertiesOfType(type);
  const properties = fields.map((field) => {
    const description = ts.displayPartsToString(field.getDocumentationComment(types.checker)).replaceAll('\n', ' ');
    // The data of each event is its own.
    const schema =
      field.name === 'data' && type === types.of('EventEnvelope')
        ? {}
        : schemaOf(types, shapes, types.checker.getTypeOfSymbol(field));
    return [field.name, description ? { description, ...schema } : schema] as const;
  });
  const isOptional = ({ flags }: ts.Symbol) => (flags & ts.SymbolFlags.Optional) !== 0;
  const required = fields.filter((field) => !isOptional(field)).map(({ name }) => name);
  return { type: 'object', properties: Object.fromEntries(properties), required };
}

function schemaOf(types: Types, shapes: Map<ts.Type, string>, type: ts.Type): Schema {
  const { checker } = types;
  const name = shapes.get(type);
  if (name !== undefined) return { $ref: `#/$defs/${name}` };
  if (type.isUnion() || type.isStringLiteral()) return unionOf(types, shapes, type.isUnion() ? type.types : [type]);
  if (type.isNumberLiteral()) return { const: type.value };
  // An id is text with a mark that only the compiler sees.
  const plain = type.isIntersection() ? 'string' : PLAIN.find(([flag]) => (type.flags & flag) !== 0)?.[1];
  if (plain) return { type: plain };
  const [item] = checker.isArrayType(type) ? checker.getTypeArguments(type as ts.TypeReference) : [];
  if (item) return { type: 'array', items: schemaOf(types, shapes, item) };
  return objectOf(types, shapes, type);
}

function unionOf(types: Types, shapes: Map<ts.Type, string>, parts: readonly ts.Type[]): Schema {
  const words = parts.filter((part) => part.isStringLiteral()).map(({ value }) => value);
  const isYesOrNo = (part: ts.Type) => (part.flags & ts.TypeFlags.BooleanLiteral) !== 0;
  const others = parts
    .filter((part) => !part.isStringLiteral() && !isYesOrNo(part))
    .map((part) => schemaOf(types, shapes, part));
  const all = [
    ...(words.length > 0 ? [{ enum: words }] : []),
    ...(parts.some(isYesOrNo) ? [{ type: 'boolean' }] : []),
    ...others,
  ];
  const [only] = all;
  return all.length === 1 && only ? only : { anyOf: all };
}
