import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const pureLibs = ['money', 'framing', 'usage', 'protocols', 'rating', 'accounting', 'contracts'];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.tollgate/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // Nest modules are classes that carry nothing but their decorator.
      '@typescript-eslint/no-extraneous-class': 'off',
      'max-depth': ['error', 4],
      'max-params': ['error', 4],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true, IIFEs: true }],
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Configuration is read and validated once, in libs/config: take it as an argument.',
        },
      ],
    },
  },
  {
    files: pureLibs.map((lib) => `libs/${lib}/**/*.ts`),
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'A pure library does no IO: take the data as an argument.' },
        { name: 'setTimeout', message: 'A pure library does not wait: the caller owns time.' },
        { name: 'process', message: 'A pure library knows no process: take what you need as an argument.' },
      ],
      'no-restricted-properties': [
        'error',
        {
          object: 'Date',
          property: 'now',
          message: 'A pure library is told the time: a replay must give the same result.',
        },
        { object: 'Math', property: 'random', message: 'A pure library is told its randomness.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'A pure library is told the time: a replay must give the same result.',
        },
      ],
    },
  },
  {
    files: ['**/*.test.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: { 'max-lines-per-function': 'off', 'max-lines': 'off' },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', performance: 'readonly', URL: 'readonly' },
    },
  },
);
