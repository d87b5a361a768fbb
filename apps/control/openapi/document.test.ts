import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { TestControl } from '../test-control.fixture.js';

let control: TestControl;
let document: OpenAPIObject;

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly object[];
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, { schema: object }>> }>>;
}

beforeAll(async () => {
  control = await TestControl.start();
  document = await control.document();
});
afterAll(() => control.stop());

const operations = (): [route: string, operation: Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );

it('describes every route that is served, and no other', () => {
  const served = servedRoutes(control.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false }));
  // The description itself is not part of what it describes. Fastify answers HEAD wherever it answers GET.
  const described = served.filter((route) => !/ \/(docs|openapi\.json)/.test(route) && !route.startsWith('HEAD'));
  expect(
    operations()
      .map(([route]) => route)
      .toSorted(),
  ).toEqual(described);
});

it('says of each operation what it takes, answers and refuses, and who may call it', () => {
  const ids = operations().map(([, { operationId }]) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [route, operation] of operations()) {
    expect([route, operation]).toEqual([
      route,
      expect.objectContaining({ summary: expect.any(String), tags: [expect.any(String)], security: expect.any(Array) }),
    ]);
    const answers = Object.keys(operation.responses).filter((status) => status < '300');
    expect([route, answers.length]).toEqual([route, 1]);
    for (const [status, { content }] of Object.entries(operation.responses)) {
      expect([route, status, content['application/json']?.schema]).toEqual([route, status, expect.any(Object)]);
    }
    const inPath = operation.parameters.filter((parameter) => parameter.in === 'path' && parameter.required);
    expect(inPath.map(({ name }) => `{${name}}`)).toEqual(route.match(/\{\w+\}/g) ?? []);
    expect([route, operation.requestBody !== undefined]).toEqual([route, /^(POST|PUT)/.test(route)]);
    const secured = operation.security.length > 0;
    expect([route, '401' in operation.responses]).toEqual([route, secured]);
  }
});

it('is OpenAPI 3.1 whose references all lead somewhere', () => {
  expect(document.openapi).toBe('3.1.0');
  const schemas = Object.keys(document.components?.schemas ?? {}).map((name) => `#/components/schemas/${name}`);
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
  expect(references.length).toBeGreaterThan(100);
  for (const reference of references) expect(schemas).toContain(reference);
  expect(JSON.stringify(document)).not.toContain('$defs');
});

it('is shown by a page that loads nothing from elsewhere', async () => {
  const page = await control.call('GET /docs');
  expect(page.headers.get('content-type')).toContain('text/html');
  const files = [...page.text.matchAll(/(?:src|href)=['"]([^'"]+)['"]/g)].map(([, file]) => String(file));
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) {
    expect(file).toMatch(/^\.\//);
    expect([file, (await control.call(`GET /${file.slice(2)}`)).status]).toEqual([file, 200]);
  }
  expect((await control.call('GET /docs/swagger-ui-init.js')).text).toContain('"validatorUrl": null');
});

/** Fastify prints its routes as a tree, one line to a path: `├── /v1/organisations (GET, HEAD, POST)`, deeper ones indented. */
function servedRoutes(tree: string): string[] {
  const parents: string[] = [];
  return tree
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part, methods] = /^([ │]*)[├└]── ([^ ]+)(?: \((.+)\))?$/.exec(line) ?? [];
      if (part === undefined) return [];
      const depth = indent.length / 4;
      parents.splice(depth, Infinity, part);
      const path = parents.join('').replace(/:(\w+)/g, '{$1}');
      return (methods?.split(', ') ?? []).map((method) => `${method} ${path}`);
    })
    .toSorted();
}
