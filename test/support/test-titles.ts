/** The tests of a file by their full names, read from its source as jest would put them together. */
import { readFile } from 'node:fs/promises';
import ts from 'typescript';

/** Full names in the order of the source: the titles of the describes around a test and its own, a space between. */
export async function testTitles(file: URL): Promise<string[]> {
  const source = ts.createSourceFile(file.pathname, await readFile(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const titles: string[] = [];
  const visit = (node: ts.Node, around: string[]): void => {
    const call = titled(node);
    const path = call ? [...around, call.title] : around;
    if (call?.word === 'test') titles.push(path.join(' '));
    ts.forEachChild(node, (child) => visit(child, path));
  };
  visit(source, []);
  return titles;
}

/** `test('…', …)`, `test.each(…)('…', …)` and the same of describe; what is skipped is no test. */
function titled(node: ts.Node): { word: string; title: string } | null {
  if (!ts.isCallExpression(node)) return null;
  const [title] = node.arguments;
  if (!title || !ts.isStringLiteralLike(title)) return null;
  const called = ts.isCallExpression(node.expression) ? eachOf(node.expression.expression) : node.expression;
  if (!called || !ts.isIdentifier(called)) return null;
  return called.text === 'test' || called.text === 'describe' ? { word: called.text, title: title.text } : null;
}

const eachOf = (callee: ts.Expression): ts.Expression | null =>
  ts.isPropertyAccessExpression(callee) && callee.name.text === 'each' ? callee.expression : null;
