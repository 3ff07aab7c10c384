/** What the sandbox's README says of its control server, made from the tables that the server itself uses. */
import { routes } from '../../runtime/sandbox/control-routes.ts';
import type { Route } from '../../runtime/sandbox/control-route.ts';
import { FEED_EVENTS } from '../../runtime/sandbox/event-feed.ts';
import { FAULTS } from '../../runtime/sandbox/faults/registry.ts';
import { CONTENT_KINDS } from '../../runtime/sandbox/given-content.ts';
import { code, table } from './markdown.ts';

const BEGIN =
  '<!-- Made by `npm run docs:gen` from the tables in runtime/sandbox, down to the end of this section. -->';
const END = '<!-- The end of what is made. -->';

/** Which routes belong together, by the first part of their paths. */
const AREAS: readonly [title: string, firsts: readonly string[]][] = [
  ['The sandbox itself', ['routes', 'events', 'state', 'process', 'unhandled']],
  ['People', ['contacts', 'people']],
  ['Accounts and their own phones', ['accounts']],
  ['Groups', ['groups']],
  ['Trouble', ['faults', 'delivery', 'proxies', 'relays']],
];

const firstOf = ({ path }: Route) => path.split('/')[1] ?? '';

function fieldsOf(fields: Route['fields']): string {
  return Object.entries(fields)
    .map(([name, { required }]) => code(required ? name : `${name}?`))
    .join(' ');
}

function routeTables(): string[] {
  const known = new Set(AREAS.flatMap(([, firsts]) => firsts));
  const lost = routes.filter((route) => !known.has(firstOf(route)));
  if (lost.length > 0) throw new Error(`no area has ${lost.map(({ path }) => path).join(', ')}; add it to AREAS`);
  return AREAS.map(([title, firsts]) => {
    const rows = routes
      .filter((route) => firsts.includes(firstOf(route)))
      .map(({ method, path, fields, about }) => [code(`${method} ${path}`), fieldsOf(fields), about]);
    return `### ${title}\n\n${table(['Ask', 'Fields', 'For'], rows)}`;
  });
}

const contents = () =>
  table(
    ['Kind', 'Fields'],
    Object.entries(CONTENT_KINDS).map(([kind, fields]) => [code(kind), fieldsOf(fields)]),
  );

const faults = () =>
  table(
    ['Fault', 'Settings', 'What goes wrong'],
    FAULTS.map(({ name, settings, lasting, scope, sentence }) => [
      code(name),
      Object.entries(settings)
        .map(([setting, value]) => code(`${setting}: ${JSON.stringify(value)}`))
        .join(' '),
      `${sentence}${lasting ? '' : ' Once.'}${scope === 'everybody' ? ' For everybody.' : ''}`,
    ]),
  );

const events = () =>
  table(
    ['Event', 'When'],
    Object.entries(FEED_EVENTS).map(([name, sentence]) => [code(name), sentence]),
  );

const section = (): string =>
  [
    BEGIN,
    ...routeTables(),
    '### Contents',
    'What `POST /contacts/:phone/send` takes as `content`, beside its `kind`; `data` is a file in Base64.',
    contents(),
    '### Events',
    'What `GET /events` tells, as it happens.',
    events(),
    '### Faults',
    'What `POST /faults` begins by name, for one account by its `phone` or for all, with these settings unless others are given.',
    faults(),
    END,
  ].join('\n\n');

/** The README with its made part made anew. Throws when its marks are not there. */
export function withControlSection(readme: string): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the sandbox's README has no part between ${BEGIN} and ${END}`);
  return readme.slice(0, begin) + section() + readme.slice(end + END.length);
}
