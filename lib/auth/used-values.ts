import 'server-only';
import { singleton } from '../singleton';
import { recordsDatabase } from '../storage/databases';
import { createUsedValues } from '../storage/used-values';
import { createUsedCodes } from './used-codes';

/** One-time values that were handed in, to this process or another on the same database. */
export const usedValues = singleton('used-values', () => createUsedValues(recordsDatabase()));

export const usedCodes = singleton('used-codes', () => createUsedCodes(usedValues()));
