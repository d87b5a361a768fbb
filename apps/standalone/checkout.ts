import { basename, dirname } from 'node:path';

/** What is built runs from dist/, and belongs to the checkout around it. */
const builtFrom = dirname(dirname(import.meta.dirname));

export const checkout = basename(builtFrom) === 'dist' ? dirname(builtFrom) : builtFrom;
