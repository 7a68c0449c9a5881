/** The public names of the conformance kit's runner. */

export { type Case, type CaseSelection, type Kit, readCases, selectCases, startCase } from './cases.ts'
export { type CheckPlan, type HeapToCheck, runCheck } from './check.ts'
