/** Formulas of papers, by heap: numbers in, numbers out. */

export * as hoard from './hoard.ts'
