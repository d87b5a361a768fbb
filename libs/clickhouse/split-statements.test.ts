import { describe, expect, it } from '@jest/globals';
import { splitStatements } from './split-statements.js';

describe('the statements of an SQL file', () => {
  it('end at a semicolon, the last one with or without', () => {
    expect(splitStatements('SELECT 1;\nSELECT 2')).toEqual(['SELECT 1', 'SELECT 2']);
    expect(splitStatements('SELECT 1;\n;\nSELECT 2;\n')).toEqual(['SELECT 1', 'SELECT 2']);
  });

  it('are not cut within quotes', () => {
    const quoted = `SELECT 'a;b', 'it''s; fine', 'back\\';slash', "x;y", \`p;q\``;
    expect(splitStatements(`${quoted};SELECT 2`)).toEqual([quoted, 'SELECT 2']);
  });

  it('lose their comments, which may hold semicolons and quotes', () => {
    expect(splitStatements("-- it's; odd\nSELECT 1 /* ; ' */ - 2; -- the end;")).toEqual(['SELECT 1  - 2']);
    expect(splitStatements('-- nothing but a comment')).toEqual([]);
  });
});
