/** The public names of the doctor. */

export { type CgroupLimits, cgroupLimits } from './cgroup.ts'
export { type Examination, examineMachine } from './machine.ts'
export { processAllocator } from './process-allocator.ts'
